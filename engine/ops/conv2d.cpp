#include "engine/ops/conv2d.h"

#include "engine/autograd/saved_tensor.h"
#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/reduce/reduce.h"

namespace dmf {
namespace {

template <class S>
void check_arguments(std::string_view op, const Variable<S>& x, const Variable<S>& weight,
                     const Variable<S>& bias, const Conv2dSpec& spec, int in_axis, int out_axis,
                     std::string_view layout) {
  DMF_CHECK(x.shape().rank() == 4, ShapeError, "[{}] x {}: expected [N, H, W, C].", op,
            x.shape().str());
  DMF_CHECK(weight.shape().rank() == 4, ShapeError, "[{}] weight {}: expected {}.", op,
            weight.shape().str(), layout);
  DMF_CHECK(weight.size(in_axis) == x.size(3), ShapeError,
            "[{}] weight C_in {} does not match x C {}: x {}, weight {} ({}).", op,
            weight.size(in_axis), x.size(3), x.shape().str(), weight.shape().str(), layout);
  DMF_CHECK(weight.size(0) >= 1 && weight.size(1) >= 1, ShapeError,
            "[{}] weight {} has an empty kernel: expected {}.", op, weight.shape().str(), layout);
  DMF_CHECK(!bias.defined() || bias.shape() == Shape{weight.size(out_axis)}, ShapeError,
            "[{}] bias {} does not match weight C_out {}.", op, bias.shape().str(),
            weight.size(out_axis));
  DMF_CHECK(spec.stride_h >= 1 && spec.stride_w >= 1, ValueError,
            "[{}] stride {} x {}: expected at least 1.", op, spec.stride_h, spec.stride_w);
}

template <class S>
Epilogue<S> add(const Variable<S>& bias) {
  return {{}, bias.defined() ? bias.value().cview() : ConstView<S>(), false};
}

template <class S>
std::vector<Variable<S>> with_optional(std::vector<Variable<S>> inputs, const Variable<S>& bias) {
  if (bias.defined()) inputs.push_back(bias);
  return inputs;
}

/// The gradient that both ops share: of the bias, the third input where there is one.
template <class S>
Tensor<S> bias_gradient(const Tensor<S>& dy) {
  Tensor<S> dbias(Shape{dy.size(3)}, dy.device());
  Workspace workspace(dy.device());
  kernels<ReduceKernels<S>>(dy.device()).channel_sum(dy.cview(), dbias.view(), workspace);
  return dbias;
}

/// The gradients of conv2d, or with kTransposed of its adjoint, whose passes are those of conv2d
/// with x and dy in each other's place.
template <class S, bool kTransposed>
struct ConvolutionNode final : Node<S> {
  ConvolutionNode(typename Node<S>::Slots inputs, const Conv2dSpec& spec, const Variable<S>& x,
                  const Tensor<S>& weight)
      : Node<S>(kTransposed ? Op::conv_transpose2d : Op::conv2d, std::move(inputs)),
        spec_(spec),
        x_(x),
        weight_(weight) {}

  void backward(const Tensor<S>& dy) override {
    if (this->needs_grad(1)) {
      const Tensor<S> x = x_.get();
      const Tensor<S>& wide = kTransposed ? dy : x;  // the side that the kernel slides over
      const Tensor<S>& narrow = kTransposed ? x : dy;
      Tensor<S> dweight(weight_.shape(), dy.device());
      Workspace workspace(dy.device());
      kernels<Conv2dKernels<S>>(dy.device())
          .backward_weight(spec_, wide.cview(), narrow.cview(), dweight.view(), workspace);
      this->accumulate(1, std::move(dweight));
    }
    if (this->inputs().size() > 2 && this->needs_grad(2)) this->accumulate(2, bias_gradient(dy));
    if (this->needs_grad(0)) {
      Tensor<S> dx(x_.shape(), dy.device(), x_.storage());
      Workspace workspace(dy.device());
      if constexpr (kTransposed) {
        kernels<Conv2dKernels<S>>(dy.device())
            .forward(spec_, dy.cview(), weight_.cview(), {}, dx.view(), workspace);
      } else {
        kernels<Conv2dKernels<S>>(dy.device())
            .backward_data(spec_, dy.cview(), weight_.cview(), {}, dx.view(), workspace);
      }
      this->accumulate(0, std::move(dx));
    }
  }

  Conv2dSpec spec_;
  SavedTensor<S> x_;
  Tensor<S> weight_;
};

/// The result of conv2d before it is recorded.
template <class S>
Tensor<S> run_conv2d(const Variable<S>& x, const Variable<S>& weight, const Epilogue<S>& epilogue,
                     const Conv2dSpec& spec) {
  const Padding& pad = spec.pad;
  DMF_CHECK(pad.top >= 0 && pad.left >= 0 && pad.bottom >= 0 && pad.right >= 0, ValueError,
            "[conv2d] negative padding {},{},{},{} (top, left, bottom, right): expected >= 0.",
            pad.top, pad.left, pad.bottom, pad.right);
  const Index OH =
      conv2d_output_size(x.size(1), weight.size(0), spec.stride_h, pad.top, pad.bottom);
  const Index OW =
      conv2d_output_size(x.size(2), weight.size(1), spec.stride_w, pad.left, pad.right);
  DMF_CHECK(OH >= 1 && OW >= 1, ShapeError,
            "[conv2d] the kernel of weight {} does not fit into x {} with its padding.",
            weight.shape().str(), x.shape().str());
  Tensor<S> y = x.value().like(Shape{x.size(0), OH, OW, weight.size(3)});
  Workspace workspace(x.device());
  kernels<Conv2dKernels<S>>(x.device())
      .forward(spec, x.value().cview(), weight.value().cview(), epilogue, y.view(), workspace);
  return y;
}

/// The result of conv_transpose2d before it is recorded.
template <class S>
Tensor<S> run_conv_transpose2d(const Variable<S>& x, const Variable<S>& weight,
                               const Epilogue<S>& epilogue, const Conv2dSpec& spec) {
  const Padding& pad = spec.pad;
  const Index OH = (x.size(1) - 1) * spec.stride_h + weight.size(0) - pad.top - pad.bottom;
  const Index OW = (x.size(2) - 1) * spec.stride_w + weight.size(1) - pad.left - pad.right;
  DMF_CHECK(OH >= 1 && OW >= 1, ShapeError,
            "[conv_transpose2d] padding {},{},{},{} (top, left, bottom, right) crops everything: x "
            "{}, weight {}.",
            pad.top, pad.left, pad.bottom, pad.right, x.shape().str(), weight.shape().str());
  Tensor<S> y = x.value().like(Shape{x.size(0), OH, OW, weight.size(2)});
  Workspace workspace(x.device());
  kernels<Conv2dKernels<S>>(x.device())
      .backward_data(spec, x.value().cview(), weight.value().cview(), epilogue, y.view(),
                     workspace);
  return y;
}

template <class S>
Epilogue<S> checked_epilogue(std::string_view op, const ChannelAffine<S>& affine, Index channels) {
  DMF_CHECK(!GradMode::enabled(), GraphError,
            "[{}] an affine epilogue has no gradient: expected a NoGrad scope.", op);
  DMF_CHECK(affine.scale.shape() == Shape{channels} && affine.shift.shape() == Shape{channels},
            ShapeError, "[{}] scale {} and shift {} for C_out {}: expected one value a channel.",
            op, affine.scale.shape().str(), affine.shift.shape().str(), channels);
  return {affine.scale.cview(), affine.shift.cview(), affine.relu};
}

}  // namespace

template <class S>
Variable<S> conv2d(const Variable<S>& x, const Variable<S>& weight, const Variable<S>& bias,
                   const Conv2dSpec& spec) {
  check_arguments("conv2d", x, weight, bias, spec, 2, 3, "[KH, KW, C_in, C_out]");
  return record_all<ConvolutionNode<S, false>>(run_conv2d(x, weight, add(bias), spec),
                                               with_optional<S>({x, weight}, bias), spec, x,
                                               weight.value());
}

template <class S>
Variable<S> conv2d_affine(const Variable<S>& x, const Variable<S>& weight,
                          const ChannelAffine<S>& affine, const Conv2dSpec& spec) {
  check_arguments<S>("conv2d_affine", x, weight, {}, spec, 2, 3, "[KH, KW, C_in, C_out]");
  return Variable<S>(
      run_conv2d(x, weight, checked_epilogue("conv2d_affine", affine, weight.size(3)), spec));
}

template <class S>
Variable<S> conv_transpose2d(const Variable<S>& x, const Variable<S>& weight,
                             const Variable<S>& bias, const Conv2dSpec& spec) {
  check_arguments("conv_transpose2d", x, weight, bias, spec, 3, 2, "[KH, KW, C_out, C_in]");
  return record_all<ConvolutionNode<S, true>>(run_conv_transpose2d(x, weight, add(bias), spec),
                                              with_optional<S>({x, weight}, bias), spec, x,
                                              weight.value());
}

template <class S>
Variable<S> conv_transpose2d_affine(const Variable<S>& x, const Variable<S>& weight,
                                    const ChannelAffine<S>& affine, const Conv2dSpec& spec) {
  check_arguments<S>("conv_transpose2d_affine", x, weight, {}, spec, 3, 2, "[KH, KW, C_out, C_in]");
  return Variable<S>(run_conv_transpose2d(
      x, weight, checked_epilogue("conv_transpose2d_affine", affine, weight.size(2)), spec));
}

Padding same_transpose_padding(int kernel, int stride) {
  const int total = kernel - stride;
  const int front = total >= 0 ? total / 2 : -((1 - total) / 2);  // floor, also below zero
  return {front, front, total - front, total - front};
}

#define DMF_INSTANTIATE(S)                                                                \
  template Variable<S> conv2d(const Variable<S>&, const Variable<S>&, const Variable<S>&, \
                              const Conv2dSpec&);                                         \
  template Variable<S> conv2d_affine(const Variable<S>&, const Variable<S>&,              \
                                     const ChannelAffine<S>&, const Conv2dSpec&);         \
  template Variable<S> conv_transpose2d(const Variable<S>&, const Variable<S>&,           \
                                        const Variable<S>&, const Conv2dSpec&);           \
  template Variable<S> conv_transpose2d_affine(const Variable<S>&, const Variable<S>&,    \
                                               const ChannelAffine<S>&, const Conv2dSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
