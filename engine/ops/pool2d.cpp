#include "engine/ops/pool2d.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/kernels/dispatch.h"

namespace dmf {
namespace {

template <class S>
struct MaxPool2dNode final : Node<S> {
  MaxPool2dNode(typename Node<S>::Slots inputs, const Pool2dSpec& spec, const Tensor<S>& x,
                const Shape& y_shape)
      : Node<S>(Op::max_pool2d, std::move(inputs)), spec_(spec), x_(x), y_shape_(y_shape) {}

  void backward(const Tensor<S>& dy) override {  // dx[first maximum of window o] += dy[o]
    Tensor<S> dx(x_.shape(), dy.device());
    DMF_DISPATCH(dy.device(), max_pool2d_backward<S>, spec_, x_.cview(), dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    // The gradient of a constant marks the winners.
    const Tensor<S> ones = Tensor<S>::full(y_shape_, S{1}, x_.device());
    const Tensor<S> winners(x_.shape(), x_.device());
    DMF_DISPATCH(x_.device(), max_pool2d_backward<S>, spec_, x_.cview(), ones.cview(),
                 winners.view());
    for (const S w : winners.span()) branches.push_back(static_cast<std::uint8_t>(w));
  }

  Pool2dSpec spec_;
  Tensor<S> x_;
  Shape y_shape_;
};

}  // namespace

template <class S>
Variable<S> max_pool2d(const Variable<S>& x, const Pool2dSpec& spec) {
  DMF_CHECK(x.shape().rank() == 4, ShapeError, "[max_pool2d] x {}: expected [N, H, W, C].",
            x.shape().str());
  DMF_CHECK(std::min({spec.kernel_h, spec.kernel_w, spec.stride_h, spec.stride_w}) >= 1, ValueError,
            "[max_pool2d] kernel {} x {}, stride {} x {}: expected at least 1.", spec.kernel_h,
            spec.kernel_w, spec.stride_h, spec.stride_w);
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
  Tensor<S> y(Shape{x.size(0), OH, OW, x.size(3)}, x.device());
  DMF_DISPATCH(x.device(), max_pool2d_forward<S>, spec, x.value().cview(), y.view());
  const Shape y_shape = y.shape();
  return record<MaxPool2dNode<S>>(std::move(y), {x}, spec, x.value(), y_shape);
}

template Variable<float> max_pool2d(const Variable<float>&, const Pool2dSpec&);
template Variable<double> max_pool2d(const Variable<double>&, const Pool2dSpec&);

}  // namespace dmf
