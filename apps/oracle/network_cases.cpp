#include "apps/oracle/adam_options.h"
#include "apps/oracle/fusion_cases.h"
#include "apps/oracle/layout.h"
#include "apps/oracle/loss_settings.h"
#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"
#include "layers/unet.h"

namespace dmf {
namespace {

/// Weights of transposed convolutions, whose layout differs from the reference's.
bool is_transposed(const std::string& name) {
  return name.ends_with(".up.weight");
}

Tensor<double> in_other_layout(const std::string& name, const Tensor<double>& value) {
  return is_transposed(name) ? swap_last_axes(value) : value;
}

std::unique_ptr<UNet<double>> network_of(const ReferenceCase& c, Index in_channels) {
  UNetSpec spec;
  spec.variant =
      c.text("variant") == "classic" ? UNetSpec::Variant::classic : UNetSpec::Variant::paper;
  spec.in_channels = in_channels;
  spec.classes = c.integer("num_classes");
  spec.depth = c.integer("depth");
  spec.base_width = c.integer("base");
  spec.bn_eps = c.number("bn_eps");
  spec.bn_momentum = c.number("bn_momentum");
  return std::make_unique<UNet<double>>(spec);
}

void load_parameters(const ReferenceCase& c, const UNet<double>& network) {
  const auto load = [&](const std::string& name, const Tensor<double>& into) {
    into.copy_from(in_other_layout(name, c.tensor("param." + name, into.shape().rank())));
  };
  for (const auto& p : network.named_parameters()) load(p.name, p.variable.value());
  for (const auto& b : network.named_buffers()) load(b.name, b.tensor);
}

Tensor<double> evaluation_logits(UNet<double>& network, const Tensor<double>& input) {
  const NoGrad no_grad;
  network.train(false);
  Tensor<double> logits = network.forward(Variable<double>(input)).value();
  network.train();
  return logits;
}

Safetensors unet_case(const ReferenceCase& c) {
  const Variable<double> input(c.tensor("input", 4), true);
  const auto network = network_of(c, input.size(3));
  load_parameters(c, *network);
  Safetensors results;
  results.set("logits_eval", evaluation_logits(*network, input.value()));
  Prediction<double> prediction(network->forward(input), c.labels("labels", 3));
  const Variable<double> loss =
      (*make_loss<double>(c.text("loss"), loss_settings_of(c, "loss.")))(prediction);
  loss.backward();
  results.set("logits", prediction.logits().value());
  results.set("output", loss.value());
  results.set("grad.input", input.grad());
  for (const auto& p : network->named_parameters()) {
    results.set("grad." + p.name, in_other_layout(p.name, p.variable.grad()));
  }
  for (const auto& b : network->named_buffers()) results.set("state." + b.name, b.tensor);
  return results;
}

Safetensors unet_train_case(const ReferenceCase& c) {
  const Tensor<double> input = c.tensor("input", 5);
  const Tensor<std::int32_t> labels = c.labels("labels", 4);
  const Index steps = input.size(0);
  DMF_CHECK(steps >= 1, IoError, "input {}: expected at least one step.", input.shape().str());
  const auto network = network_of(c, input.size(4));
  load_parameters(c, *network);
  const AdamOptions options = adam_options_of(c, "adam_eps", "optimizer");
  const auto adam = make_adam(network->named_parameters(), options);
  FusedLoss<double> loss = fused_loss_of(c);
  FusionTrace trace(steps, static_cast<Index>(loss.loss_names().size()));
  for (Index t = 0; t < steps; ++t) {
    adam->zero_grad();
    Prediction<double> prediction(network->forward(Variable<double>(slice(input, t))),
                                  slice(labels, t));
    const FusedLoss<double>::Result result = loss.step(prediction);
    result.total.backward();
    adam->step(c.number("lr"));
    trace.put(t, result);
  }
  Safetensors results;
  trace.write(results);
  for (const auto& p : network->named_parameters()) {
    results.set("param." + p.name, in_other_layout(p.name, p.variable.value()));
  }
  for (const auto& b : network->named_buffers()) results.set("param." + b.name, b.tensor);
  results.set("logits_eval", evaluation_logits(*network, slice(input, 0)));
  return results;
}

}  // namespace

std::map<std::string, CaseFunction> network_case_functions() {
  return {{"unet", unet_case}, {"unet_train", unet_train_case}};
}

}  // namespace dmf
