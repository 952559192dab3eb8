#include "engine/ops/pool2d.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/kernels/backends.h"

namespace dmf {
namespace {

template <class S>
struct MaxPool2dNode final : Node<S> {
  MaxPool2dNode(typename Node<S>::Slots inputs, const Pool2dSpec& spec, const Shape& x_shape,
                const Tensor<std::uint8_t>& winners)
      : Node<S>(Op::max_pool2d, std::move(inputs)),
        spec_(spec),
        x_shape_(x_shape),
        winners_(winners) {}

  void backward(const Tensor<S>& dy) override {  // dx[first maximum of window o] += dy[o]
    Tensor<S> dx = dy.like(x_shape_);
    kernels<Pool2dKernels<S>>(dy.device()).backward(spec_, winners_.cview(), dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    branches.insert(branches.end(), winners_.span().begin(), winners_.span().end());
  }

  Pool2dSpec spec_;
  Shape x_shape_;
  Tensor<std::uint8_t> winners_;
};

}  // namespace

template <class S>
Variable<S> max_pool2d(const Variable<S>& x, const Pool2dSpec& spec) {
  DMF_CHECK(x.shape().rank() == 4, ShapeError, "[max_pool2d] x {}: expected [N, H, W, C].",
            x.shape().str());
  DMF_CHECK(std::min({spec.kernel_h, spec.kernel_w, spec.stride_h, spec.stride_w}) >= 1, ValueError,
            "[max_pool2d] kernel {} x {}, stride {} x {}: expected at least 1.", spec.kernel_h,
            spec.kernel_w, spec.stride_h, spec.stride_w);
  DMF_CHECK(spec.kernel_h <= kLargestPoolWindow / spec.kernel_w, ValueError,
            "[max_pool2d] kernel {} x {}: expected at most {} places in a window.", spec.kernel_h,
            spec.kernel_w, kLargestPoolWindow);
  const Padding& pad = spec.pad;
  DMF_CHECK(std::min({pad.top, pad.left, pad.bottom, pad.right}) >= 0 &&
                std::max(pad.top, pad.bottom) < spec.kernel_h &&
                std::max(pad.left, pad.right) < spec.kernel_w,
            ValueError,
            "[max_pool2d] padding {},{},{},{} (top, left, bottom, right) with kernel {} x {}: "
            "expected 0 <= padding < kernel, so that no window is all padding.",
            pad.top, pad.left, pad.bottom, pad.right, spec.kernel_h, spec.kernel_w);
  const Index OH = conv2d_output_size(x.size(1), spec.kernel_h, spec.stride_h, pad.top, pad.bottom);
  const Index OW = conv2d_output_size(x.size(2), spec.kernel_w, spec.stride_w, pad.left, pad.right);
  DMF_CHECK(OH >= 1 && OW >= 1, ShapeError, "[max_pool2d] x {} is smaller than the {} x {} window.",
            x.shape().str(), spec.kernel_h, spec.kernel_w);
  Tensor<S> y = x.value().like(Shape{x.size(0), OH, OW, x.size(3)});
  Tensor<std::uint8_t> winners;
  if (any_requires_grad<S>({x})) winners = Tensor<std::uint8_t>(y.shape(), x.device());
  kernels<Pool2dKernels<S>>(x.device()).forward(spec, x.value().cview(), y.view(), winners.view());
  return record<MaxPool2dNode<S>>(std::move(y), {x}, spec, x.shape(), winners);
}

template Variable<float> max_pool2d(const Variable<float>&, const Pool2dSpec&);
template Variable<double> max_pool2d(const Variable<double>&, const Pool2dSpec&);

}  // namespace dmf
