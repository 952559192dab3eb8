#include <array>

#include "apps/oracle/adam_options.h"
#include "apps/oracle/fusion_cases.h"
#include "apps/oracle/layout.h"
#include "apps/oracle/loss_settings.h"
#include "apps/oracle/reference_case.h"
#include "dmf/training_step.h"
#include "engine/core/check.h"
#include "layers/networks/networks.h"
#include "layers/networks/unet_spec.h"

namespace dmf {
namespace {

// The U-Nets as the reference calls them.
constexpr std::array<Named<UNetPreset>, 2> kVariants = {
    {{"demo", kPaperUNet, "paper"}, {"classic", kClassicUNet, "classic"}}};

/// Weights of transposed convolutions, whose layout differs from the reference's.
bool is_transposed(const std::string& name) {
  return name.ends_with(".up.weight");
}

template <class S>
Tensor<S> in_other_layout(const std::string& name, const Tensor<S>& value) {
  return is_transposed(name) ? swap_last_axes(value) : value;
}

template <class S>
std::unique_ptr<Network<S>> network_of(const ReferenceCase& c, Index in_channels) {
  UNetSpec spec;
  spec.preset = entry_named(kVariants, c.choice("variant", names_of(kVariants)), "variant").value;
  spec.in_channels = in_channels;
  spec.classes = c.integer("num_classes");
  spec.depth = c.integer("depth");
  spec.base_width = c.integer("base");
  spec.bn_eps = c.number("bn_eps");
  spec.bn_momentum = c.number("bn_momentum");
  const NetworkSpec network_spec = spec.network_spec();
  Index held = 0;
  for (const auto& [name, tensor] : c.file().tensors) {
    held += name.starts_with("param.") ? tensor.shape.numel() : 0;
  }
  DMF_CHECK(parameter_count(spec) <= held, IoError,
            "its param.* hold {} numbers: too few for the network it names.", held);
  return make_network<S>(network_spec, c.compute());
}

template <class S>
void load_parameters(const ReferenceCase& c, const Network<S>& network) {
  const auto load = [&](const std::string& name, const Tensor<S>& into) {
    into.copy_from(in_other_layout(name, c.tensor<S>("param." + name, into.shape().rank())));
  };
  for (const auto& p : network.named_parameters()) load(p.name, p.variable.value());
  for (const auto& b : network.named_buffers()) load(b.name, b.tensor);
}

template <class S>
Tensor<S> evaluation_logits(Network<S>& network, const Tensor<S>& input) {
  const NoGrad no_grad;
  network.train(false);
  Tensor<S> logits = network.forward(Variable<S>(input)).value();
  network.train();
  return logits;
}

template <class S>
Safetensors unet_case(const ReferenceCase& c) {
  const Variable<S> input(c.tensor<S>("input", 4).to(c.device()), true);
  const auto network = network_of<S>(c, input.size(3));
  load_parameters(c, *network);
  Safetensors results;
  results.set("logits_eval", evaluation_logits(*network, input.value()));
  const Variable<S> logits = network->forward(input);
  const Labels labels(c.labels("labels", 3), logits.size(3));
  const Variable<S> loss = evaluate_loss(
      *make_loss<S>(c.text("loss"), loss_settings_of(c, "loss.")), logits, labels.to(c.device()));
  loss.backward();
  results.set("logits", logits.value());
  results.set("output", loss.value());
  results.set("grad.input", input.grad());
  for (const auto& p : network->named_parameters()) {
    results.set("grad." + p.name, in_other_layout(p.name, p.variable.grad()));
  }
  for (const auto& b : network->named_buffers()) results.set("state." + b.name, b.tensor);
  return results;
}

template <class S>
Safetensors unet_train_case(const ReferenceCase& c) {
  const Tensor<S> input = c.tensor<S>("input", 5).to(c.device());
  const Tensor<std::int32_t> labels = c.labels("labels", 4);
  const Index steps = input.size(0);
  DMF_CHECK(steps >= 1, IoError, "input {}: expected at least one step.", input.shape().str());
  const auto network = network_of<S>(c, input.size(4));
  load_parameters(c, *network);
  const AdamOptions options = adam_options_of(c, "adam_eps", "optimizer");
  const auto adam = make_adam(network->named_parameters(), options);
  FusedLoss<S> loss = fused_loss_of<S>(c);
  FusionTrace<S> trace(steps, static_cast<Index>(loss.fusion().current().weights.size()));
  for (Index t = 0; t < steps; ++t) {
    adam->zero_grad();
    TrainingStep<S> step{input.slice(t).clone(),
                         Labels(labels.slice(t).clone(), network->spec().classes).to(c.device())};
    step.forward(*network, loss, loss.needs_gradients());
    const StepWeights weights = step.weigh(loss);
    step.backward();
    adam->step(c.number("lr"));
    trace.put(t, step.total, weights);
  }
  Safetensors results;
  trace.write(results);
  for (const auto& p : network->named_parameters()) {
    results.set("param." + p.name, in_other_layout(p.name, p.variable.value()));
  }
  for (const auto& b : network->named_buffers()) results.set("param." + b.name, b.tensor);
  results.set("logits_eval", evaluation_logits(*network, input.slice(0).clone()));
  return results;
}

}  // namespace

template <class S>
std::map<std::string, CaseFunction> network_case_functions() {
  return {{"unet", unet_case<S>}, {"unet_train", unet_train_case<S>}};
}

template std::map<std::string, CaseFunction> network_case_functions<float>();
template std::map<std::string, CaseFunction> network_case_functions<double>();

}  // namespace dmf
