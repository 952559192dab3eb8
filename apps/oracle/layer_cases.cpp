#include <algorithm>
#include <cstdlib>

#include "apps/oracle/adam_options.h"
#include "apps/oracle/layout.h"
#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"
#include "engine/ops/batch_norm2d.h"
#include "engine/ops/concat.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/depthwise_conv2d.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/gate.h"
#include "engine/ops/group_norm.h"
#include "engine/ops/pool2d.h"
#include "engine/ops/softmax.h"
#include "engine/ops/upsample2d.h"

namespace dmf {
namespace {

template <class S>
using Inputs = std::map<std::string, Variable<S>>;

template <class S>
Variable<S> input(const ReferenceCase& c, const std::string& name, int rank) {
  return Variable<S>(c.tensor<S>(name, rank).to(c.device()), true);
}

/// Output and, where the case gives the output's gradient, the gradients of the named inputs.
template <class S>
Safetensors with_gradients(const ReferenceCase& c, const Variable<S>& y, const Inputs<S>& inputs) {
  Safetensors results;
  results.set("output", y.value());
  if (!c.has("grad_output")) return results;
  y.backward(c.tensor<S>("grad_output", y.shape().rank()).to(c.device()));
  for (const auto& [name, variable] : inputs) results.set("grad." + name, variable.grad());
  return results;
}

struct Pair {
  int h, w;
};

constexpr int kLargest = 4096;  // stride, kernel or padding

Pair pair_of(const ReferenceCase& c, const std::string& key) {
  const std::vector<int> values = c.integers(key, 1, kLargest);
  DMF_CHECK(values.size() == 1 || values.size() == 2, IoError, "'{}': expected one or two numbers.",
            key);
  return {values.front(), values.back()};
}

/// One number for both, or two; 1 where the case says nothing.
Pair stride_of(const ReferenceCase& c) {
  return c.has_attribute("stride") ? pair_of(c, "stride") : Pair{1, 1};
}

/// None where the case says nothing.
Padding padding_of(const ReferenceCase& c) {
  if (!c.has_attribute("pads")) return {};
  const std::vector<int> pads = c.integers("pads", -kLargest, kLargest);
  DMF_CHECK(pads.size() == 4, IoError, "'pads': expected top,left,bottom,right.");
  return {pads[0], pads[1], pads[2], pads[3]};
}

/// Checks the size of a convolution's output, or more, before it is made.
///
/// up  by what the sides grow: the strides of a transposed convolution
template <class S>
void check_size(const Variable<S>& x, const Tensor<S>& weight, const Padding& pad, Pair up,
                Index channels) {
  const double rows = static_cast<double>(x.size(1)) * up.h + static_cast<double>(weight.size(0)) +
                      std::abs(pad.top) + std::abs(pad.bottom);
  const double columns = static_cast<double>(x.size(2)) * up.w +
                         static_cast<double>(weight.size(1)) + std::abs(pad.left) +
                         std::abs(pad.right);
  require_feasible(static_cast<double>(x.size(0)) * rows * columns * static_cast<double>(channels));
}

template <class S>
Safetensors conv2d_case(const ReferenceCase& c) {
  const Pair stride = stride_of(c);
  Inputs<S> inputs = {{"input", input<S>(c, "input", 4)}, {"weight", input<S>(c, "weight", 4)}};
  if (c.has("bias")) inputs["bias"] = input<S>(c, "bias", 1);
  const Tensor<S>& weight = inputs["weight"].value();
  check_size(inputs["input"], weight, padding_of(c), {1, 1}, weight.size(3));
  const Variable<S> y =
      conv2d(inputs["input"], inputs["weight"], c.has("bias") ? inputs["bias"] : Variable<S>(),
             {stride.h, stride.w, padding_of(c), c.compute().precision});
  return with_gradients<S>(c, y, inputs);
}

template <class S>
Safetensors conv_transpose2d_case(const ReferenceCase& c) {
  const Pair stride = stride_of(c);
  Inputs<S> inputs = {{"input", input<S>(c, "input", 4)}};
  const Variable<S> weight(swap_last_axes(c.tensor<S>("weight", 4)).to(c.device()), true);
  if (c.has("bias")) inputs["bias"] = input<S>(c, "bias", 1);
  check_size(inputs["input"], weight.value(), padding_of(c), stride, weight.size(2));
  const Variable<S> y =
      conv_transpose2d(inputs["input"], weight, c.has("bias") ? inputs["bias"] : Variable<S>(),
                       {stride.h, stride.w, padding_of(c), c.compute().precision});
  Safetensors results = with_gradients<S>(c, y, inputs);
  if (weight.grad().defined()) results.set("grad.weight", swap_last_axes(weight.grad()));
  return results;
}

template <class S>
Safetensors depthwise_conv2d_case(const ReferenceCase& c) {
  const Pair stride = stride_of(c);
  Inputs<S> inputs = {{"input", input<S>(c, "input", 4)}, {"weight", input<S>(c, "weight", 4)}};
  if (c.has("bias")) inputs["bias"] = input<S>(c, "bias", 1);
  check_size(inputs["input"], inputs["weight"].value(), padding_of(c), {1, 1},
             inputs["input"].size(3));
  const Variable<S> y = depthwise_conv2d(inputs["input"], inputs["weight"],
                                         c.has("bias") ? inputs["bias"] : Variable<S>(),
                                         {stride.h, stride.w, padding_of(c)});
  return with_gradients<S>(c, y, inputs);
}

/// What is padded behind an axis so that a last window that the axis does not fill counts too, if it
/// begins before the padding does (ONNX's and PyTorch's ceil_mode).
int padding_to_ceil(Index size, int before, int after, int kernel, int stride) {
  const Index padded = size + before + after;
  if (padded <= kernel) return after;
  Index steps = (padded - kernel + stride - 1) / stride;
  if (steps * stride >= size + before) --steps;
  return after + static_cast<int>(std::max<Index>(0, steps * stride + kernel - padded));
}

template <class S>
Safetensors max_pool2d_case(const ReferenceCase& c) {
  const Pair kernel = pair_of(c, "kernel"), stride = stride_of(c);
  const Variable<S> x = input<S>(c, "input", 4);
  Padding pad = padding_of(c);
  if (c.flag("ceil_mode", false)) {
    pad.bottom = padding_to_ceil(x.size(1), pad.top, pad.bottom, kernel.h, stride.h);
    pad.right = padding_to_ceil(x.size(2), pad.left, pad.right, kernel.w, stride.w);
  }
  const Variable<S> y = max_pool2d(x, {kernel.h, kernel.w, stride.h, stride.w, pad});
  return with_gradients<S>(c, y, {{"input", x}});
}

template <class S>
Safetensors group_norm_case(const ReferenceCase& c) {
  const Inputs<S> inputs = {{"input", input<S>(c, "input", 4)},
                            {"gamma", input<S>(c, "gamma", 1)},
                            {"beta", input<S>(c, "beta", 1)}};
  GroupNormSpec spec;
  spec.groups = c.integer("groups", 1);
  if (c.has_attribute("eps")) spec.eps = c.number("eps");
  const Variable<S> y = group_norm(inputs.at("input"), inputs.at("gamma"), inputs.at("beta"), spec);
  return with_gradients<S>(c, y, inputs);
}

template <class S>
Safetensors leaky_relu_case(const ReferenceCase& c) {
  const Variable<S> x = input<S>(c, "input", 4);
  const double slope = c.has_attribute("slope") ? c.number("slope") : 0.01;
  return with_gradients<S>(c, leaky_relu(x, slope), {{"input", x}});
}

template <class S>
Safetensors gate_case(const ReferenceCase& c) {
  const Variable<S> x = input<S>(c, "input", 4), strength = input<S>(c, "strength", 4);
  return with_gradients<S>(c, gate(x, strength), {{"input", x}, {"strength", strength}});
}

template <class S>
Safetensors batch_norm2d_case(const ReferenceCase& c) {
  const Inputs<S> inputs = {{"input", input<S>(c, "input", 4)},
                            {"gamma", input<S>(c, "gamma", 1)},
                            {"beta", input<S>(c, "beta", 1)}};
  const Tensor<S> mean = c.tensor<S>("running_mean", 1).to(c.device());
  const Tensor<S> var = c.tensor<S>("running_var", 1).to(c.device());
  BatchNorm2dSpec spec;
  spec.eps = c.number("eps");
  spec.training = c.flag("training", false);
  if (spec.training || c.has_attribute("momentum")) spec.momentum = c.number("momentum");
  const Variable<S> y =
      batch_norm2d(inputs.at("input"), inputs.at("gamma"), inputs.at("beta"), mean, var, spec);
  Safetensors results = with_gradients<S>(c, y, inputs);
  results.set("running_mean", mean);
  results.set("running_var", var);
  return results;
}

template <class S>
Safetensors concat_case(const ReferenceCase& c) {
  Inputs<S> inputs;
  std::vector<Variable<S>> parts;
  for (int i = 0; i < c.integer("inputs", 1); ++i) {
    const std::string name = fmt::format("input{}", i);
    parts.push_back(inputs[name] = input<S>(c, name, 4));
  }
  return with_gradients<S>(c, concat(parts), inputs);
}

template <class S>
Safetensors adam_step_case(const ReferenceCase& c) {
  const AdamOptions options = adam_options_of(c, "eps", "mode");
  const Variable<S> param = input<S>(c, "param", ReferenceCase::kAnyRank);
  const Tensor<S> grads = c.tensor<S>("grads", param.shape().rank() + 1);
  DMF_CHECK(Shape(grads.shape().dims().subspan(1)) == param.shape(), IoError,
            "grads {} for param {}: expected one of its shape a step.", grads.shape().str(),
            param.shape().str());
  const auto adam = make_adam<S>({{"param", param}}, options);
  const Tensor<S> params(grads.shape());
  for (Index t = 0; t < grads.size(0); ++t) {
    const Tensor<S> grad = grads.slice(t).clone();
    adam->zero_grad();
    param.backward(grad.to(c.device()));
    adam->step(c.number("lr"));
    params.slice(t).copy_from(param.value());
  }
  Safetensors results;
  results.set("params", params);
  results.set("m", adam->state().moments.at("param.m"));
  results.set("v", adam->state().moments.at("param.v"));
  return results;
}

/// An op of one input.
template <class S>
CaseFunction unary(Variable<S> (*op)(const Variable<S>&)) {
  return [op](const ReferenceCase& c) {
    const std::string name = c.has("input") ? "input" : "logits";
    const Variable<S> x = input<S>(c, name, 4);
    return with_gradients<S>(c, op(x), {{name, x}});
  };
}

}  // namespace

template <class S>
std::map<std::string, CaseFunction> layer_case_functions() {
  return {{"conv2d", conv2d_case<S>},
          {"conv_transpose2d", conv_transpose2d_case<S>},
          {"max_pool2d", max_pool2d_case<S>},
          {"batch_norm2d", batch_norm2d_case<S>},
          {"depthwise_conv2d", depthwise_conv2d_case<S>},
          {"group_norm", group_norm_case<S>},
          {"upsample_bilinear2d", unary<S>(upsample_bilinear2d<S>)},
          {"gate", gate_case<S>},
          {"leaky_relu", leaky_relu_case<S>},
          {"gelu", unary<S>(gelu<S>)},
          {"relu", unary<S>(relu<S>)},
          {"softmax", unary<S>(softmax<S>)},
          {"concat", concat_case<S>},
          {"adam_step", adam_step_case<S>}};
}

template std::map<std::string, CaseFunction> layer_case_functions<float>();
template std::map<std::string, CaseFunction> layer_case_functions<double>();

}  // namespace dmf
