#include "apps/oracle/adam_options.h"
#include "apps/oracle/layout.h"
#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/concat.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/softmax.h"

namespace dmf {
namespace {

using V = Variable<double>;

V input(const ReferenceCase& c, const std::string& name, int rank) {
  return V(c.tensor(name, rank), true);
}

/// Output and, where the case gives the output's gradient, the gradients of the named inputs.
Safetensors with_gradients(const ReferenceCase& c, const V& y,
                           const std::map<std::string, V>& inputs) {
  Safetensors results;
  results.set("output", y.value());
  if (!c.has("grad_output")) return results;
  y.backward(c.tensor("grad_output", y.shape().rank()));
  for (const auto& [name, variable] : inputs) results.set("grad." + name, variable.grad());
  return results;
}

struct Pair {
  int h, w;
};

Pair pair_of(const ReferenceCase& c, const std::string& key) {
  const std::vector<double> values = c.numbers(key);
  DMF_CHECK(values.size() == 1 || values.size() == 2, IoError, "'{}': expected one or two numbers.",
            key);
  return {static_cast<int>(values.front()), static_cast<int>(values.back())};
}

Padding padding_of(const ReferenceCase& c) {
  const std::vector<double> pads = c.numbers("pads");
  DMF_CHECK(pads.size() == 4, IoError, "'pads': expected top,left,bottom,right.");
  return {static_cast<int>(pads[0]), static_cast<int>(pads[1]), static_cast<int>(pads[2]),
          static_cast<int>(pads[3])};
}

Safetensors conv2d_case(const ReferenceCase& c) {
  const Pair stride = pair_of(c, "stride");
  std::map<std::string, V> inputs = {{"input", input(c, "input", 4)},
                                     {"weight", input(c, "weight", 4)}};
  if (c.has("bias")) inputs["bias"] = input(c, "bias", 1);
  const V y = conv2d(inputs["input"], inputs["weight"], c.has("bias") ? inputs["bias"] : V(),
                     {stride.h, stride.w, padding_of(c)});
  return with_gradients(c, y, inputs);
}

Safetensors conv_transpose2d_case(const ReferenceCase& c) {
  const Pair stride = pair_of(c, "stride");
  std::map<std::string, V> inputs = {{"input", input(c, "input", 4)}};
  const V weight(swap_last_axes(c.tensor("weight", 4)), true);
  if (c.has("bias")) inputs["bias"] = input(c, "bias", 1);
  const V y = conv_transpose2d(inputs["input"], weight, c.has("bias") ? inputs["bias"] : V(),
                               {stride.h, stride.w, padding_of(c)});
  Safetensors results = with_gradients(c, y, inputs);
  if (weight.grad().defined()) results.set("grad.weight", swap_last_axes(weight.grad()));
  return results;
}

Safetensors max_pool2d_case(const ReferenceCase& c) {
  const Pair kernel = pair_of(c, "kernel"), stride = pair_of(c, "stride");
  const V x = input(c, "input", 4);
  const V y = max_pool2d(x, {kernel.h, kernel.w, stride.h, stride.w, padding_of(c)});
  return with_gradients(c, y, {{"input", x}});
}

Safetensors batch_norm2d_case(const ReferenceCase& c) {
  const std::map<std::string, V> inputs = {{"input", input(c, "input", 4)},
                                           {"gamma", input(c, "gamma", 1)},
                                           {"beta", input(c, "beta", 1)}};
  const Tensor<double> mean = c.tensor("running_mean", 1), var = c.tensor("running_var", 1);
  BatchNorm2dSpec spec;
  spec.eps = c.number("eps");
  spec.momentum = c.number("momentum");
  spec.training = c.integer("training") != 0;
  const V y =
      batch_norm2d(inputs.at("input"), inputs.at("gamma"), inputs.at("beta"), mean, var, spec);
  Safetensors results = with_gradients(c, y, inputs);
  results.set("running_mean", mean);
  results.set("running_var", var);
  return results;
}

Safetensors concat_case(const ReferenceCase& c) {
  std::map<std::string, V> inputs;
  std::vector<V> parts;
  for (int i = 0; i < c.integer("inputs"); ++i) {
    const std::string name = fmt::format("input{}", i);
    parts.push_back(inputs[name] = input(c, name, 4));
  }
  return with_gradients(c, concat(parts), inputs);
}

Safetensors adam_step_case(const ReferenceCase& c) {
  const AdamOptions options = adam_options_of(c, "eps", "mode");
  const V param = input(c, "param", ReferenceCase::kAnyRank);
  const Tensor<double> grads = c.tensor("grads", param.shape().rank() + 1);
  DMF_CHECK(Shape(grads.shape().dims().subspan(1)) == param.shape(), IoError,
            "grads {} for param {}: expected one of its shape a step.", grads.shape().str(),
            param.shape().str());
  const auto adam = make_adam<double>({{"param", param}}, options);
  const Tensor<double> params(grads.shape());
  const Index n = param.value().numel();
  for (Index t = 0; t < grads.size(0); ++t) {
    Tensor<double> grad(param.shape());
    std::copy_n(grads.data() + t * n, n, grad.data());
    adam->zero_grad();
    param.backward(grad);
    adam->step(c.number("lr"));
    std::copy_n(param.value().data(), n, params.data() + t * n);
  }
  Safetensors results;
  results.set("params", params);
  results.set("m", adam->state().moments.at("param.m"));
  results.set("v", adam->state().moments.at("param.v"));
  return results;
}

/// An op of one input.
CaseFunction unary(V (*op)(const V&)) {
  return [op](const ReferenceCase& c) {
    const std::string name = c.has("input") ? "input" : "logits";
    const V x = input(c, name, 4);
    return with_gradients(c, op(x), {{name, x}});
  };
}

}  // namespace

std::map<std::string, CaseFunction> layer_case_functions() {
  return {{"conv2d", conv2d_case},         {"conv_transpose2d", conv_transpose2d_case},
          {"max_pool2d", max_pool2d_case}, {"batch_norm2d", batch_norm2d_case},
          {"relu", unary(relu<double>)},   {"softmax", unary(softmax<double>)},
          {"concat", concat_case},         {"adam_step", adam_step_case}};
}

}  // namespace dmf
