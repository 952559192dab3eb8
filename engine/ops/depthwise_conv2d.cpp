#include "engine/ops/depthwise_conv2d.h"

#include "engine/autograd/saved_tensor.h"
#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "engine/kernels/reduce/reduce.h"

namespace dmf {
namespace {

template <class S>
struct DepthwiseConv2dNode final : Node<S> {
  DepthwiseConv2dNode(typename Node<S>::Slots inputs, const Conv2dSpec& spec, const Variable<S>& x,
                      const Tensor<S>& weight)
      : Node<S>(Op::depthwise_conv2d, std::move(inputs)), spec_(spec), x_(x), weight_(weight) {}

  void backward(const Tensor<S>& dy) override {
    const auto& computed = kernels<DepthwiseConv2dKernels<S>>(dy.device());
    if (this->needs_grad(1)) {
      const Tensor<S> x = x_.get();
      Tensor<S> dweight(weight_.shape(), dy.device());
      Workspace workspace(dy.device());
      computed.backward_weight(spec_, x.cview(), dy.cview(), dweight.view(), workspace);
      this->accumulate(1, std::move(dweight));
    }
    if (this->inputs().size() > 2 && this->needs_grad(2)) {
      Tensor<S> dbias(Shape{dy.size(3)}, dy.device());
      Workspace workspace(dy.device());
      kernels<ReduceKernels<S>>(dy.device()).channel_sum(dy.cview(), dbias.view(), workspace);
      this->accumulate(2, std::move(dbias));
    }
    if (this->needs_grad(0)) {
      Tensor<S> dx(x_.shape(), dy.device(), x_.storage());
      Workspace workspace(dy.device());
      computed.backward_data(spec_, dy.cview(), weight_.cview(), dx.view(), workspace);
      this->accumulate(0, std::move(dx));
    }
  }

  Conv2dSpec spec_;
  SavedTensor<S> x_;
  Tensor<S> weight_;
};

}  // namespace

template <class S>
Variable<S> depthwise_conv2d(const Variable<S>& x, const Variable<S>& weight,
                             const Variable<S>& bias, const Conv2dSpec& spec) {
  DMF_CHECK(x.shape().rank() == 4 && x.value().numel() > 0, ShapeError,
            "[depthwise_conv2d] x {}: expected [N, H, W, C], none of them 0.", x.shape().str());
  const Shape& w = weight.shape();
  DMF_CHECK(w.rank() == 4 && w[0] >= 1 && w[1] >= 1 && w[2] == 1 && w[3] == x.size(3), ShapeError,
            "[depthwise_conv2d] weight {} for x {}: expected [KH, KW, 1, {}].", w.str(),
            x.shape().str(), x.size(3));
  DMF_CHECK(!bias.defined() || bias.shape() == Shape{x.size(3)}, ShapeError,
            "[depthwise_conv2d] bias {} for x {}: expected [{}].", bias.shape().str(),
            x.shape().str(), x.size(3));
  DMF_CHECK(spec.stride_h >= 1 && spec.stride_w >= 1, ValueError,
            "[depthwise_conv2d] stride {} x {}: expected at least 1.", spec.stride_h,
            spec.stride_w);
  const Padding& pad = spec.pad;
  DMF_CHECK(pad.top >= 0 && pad.left >= 0 && pad.bottom >= 0 && pad.right >= 0, ValueError,
            "[depthwise_conv2d] padding {},{},{},{} (top, left, bottom, right): expected >= 0.",
            pad.top, pad.left, pad.bottom, pad.right);
  const Index OH = conv2d_output_size(x.size(1), w[0], spec.stride_h, pad.top, pad.bottom);
  const Index OW = conv2d_output_size(x.size(2), w[1], spec.stride_w, pad.left, pad.right);
  DMF_CHECK(OH >= 1 && OW >= 1, ShapeError,
            "[depthwise_conv2d] the kernel of weight {} does not fit into x {} with its padding.",
            w.str(), x.shape().str());
  Tensor<S> y = x.value().like(Shape{x.size(0), OH, OW, x.size(3)});
  {
    Workspace workspace(x.device());
    kernels<DepthwiseConv2dKernels<S>>(x.device())
        .forward(spec, x.value().cview(), weight.value().cview(),
                 bias.defined() ? bias.value().cview() : ConstView<S>(), y.view(), workspace);
  }
  std::vector<Variable<S>> inputs = {x, weight};
  if (bias.defined()) inputs.push_back(bias);
  return record_all<DepthwiseConv2dNode<S>>(std::move(y), inputs, spec, x, weight.value());
}

#define DMF_INSTANTIATE(S)                                                      \
  template Variable<S> depthwise_conv2d(const Variable<S>&, const Variable<S>&, \
                                        const Variable<S>&, const Conv2dSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
