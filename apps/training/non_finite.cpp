#include "apps/training/non_finite.h"

#include <fmt/format.h>

#include "engine/autograd/anomaly.h"
#include "engine/core/check.h"
#include "engine/io/safetensors.h"

namespace dmf {

std::string bad_gradient(const Network<float>& network) {
  for (const auto& parameter : network.named_parameters()) {
    const Tensor<float>& gradient = parameter.variable.grad();
    if (gradient.defined() && !all_finite(gradient)) {
      return fmt::format("the gradient of {} is not finite.", parameter.name);
    }
  }
  return "a gradient is not finite.";  // recorded steps keep none of them
}

std::string first_not_finite(Network<float>& network, FusedLoss<float>& loss, const Batch& batch,
                             std::uint64_t passes) {
  for (const auto& parameter : network.named_parameters()) {
    if (!all_finite(parameter.variable.value())) {
      return fmt::format("parameter {} is not finite", parameter.name);
    }
    parameter.variable.zero_grad();
  }
  network.set_passes(passes);
  try {
    const DetectAnomaly detect;
    const Device device = network.device();
    TrainingStep<float> step{batch.images.to(device), batch.labels_of_losses().to(device)};
    step.forward(network, loss);
    step.weigh(loss, false);
    step.backward();
  } catch (const NumericError& found) {
    return found.what();
  }
  return "every result was finite when the step was made once more";
}

void save_batch(const std::filesystem::path& path, const Batch& batch, const std::string& reason) {
  Safetensors file;
  file.metadata["reason"] = reason;
  file.set("images", batch.images);
  file.set("labels", batch.labels.tensor());
  if (batch.soft_labels.defined()) file.set("soft_labels", batch.soft_labels);
  write_safetensors(path, file);
}

}  // namespace dmf
