#include "engine/ops/pad2d.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"

namespace dmf {
namespace {

template <class S>
struct Pad2dNode final : Node<S> {
  Pad2dNode(typename Node<S>::Slots inputs, const Shape& shape, const Padding& pad)
      : Node<S>(Op::pad2d, std::move(inputs)), shape_(shape), pad_(pad) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = dy.like(shape_);
    const Padding back{-pad_.top, -pad_.left, -pad_.bottom, -pad_.right};
    kernels<Pad2dKernels<S>>(dy.device()).apply(back, dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
  Padding pad_;
};

}  // namespace

template <class S>
Variable<S> pad2d(const Variable<S>& x, const Padding& pad) {
  DMF_CHECK(x.shape().rank() == 4, ShapeError, "[pad2d] x {}: expected [N, H, W, C].",
            x.shape().str());
  const Index OH = x.size(1) + pad.top + pad.bottom, OW = x.size(2) + pad.left + pad.right;
  DMF_CHECK(OH >= 1 && OW >= 1, ShapeError,
            "[pad2d] padding {},{},{},{} (top, left, bottom, right) leaves nothing of x {}.",
            pad.top, pad.left, pad.bottom, pad.right, x.shape().str());
  Tensor<S> y = x.value().like(Shape{x.size(0), OH, OW, x.size(3)});
  kernels<Pad2dKernels<S>>(x.device()).apply(pad, x.value().cview(), y.view());
  return record<Pad2dNode<S>>(std::move(y), {x}, x.shape(), pad);
}

template Variable<float> pad2d(const Variable<float>&, const Padding&);
template Variable<double> pad2d(const Variable<double>&, const Padding&);

}  // namespace dmf
