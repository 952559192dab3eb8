#include "engine/ops/upsample2d.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/upsample2d/upsample2d.h"

namespace dmf {
namespace {

template <class S>
struct UpsampleNode final : Node<S> {
  UpsampleNode(typename Node<S>::Slots inputs, const Shape& x_shape)
      : Node<S>(Op::upsample_bilinear2d, std::move(inputs)), x_shape_(x_shape) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = dy.like(x_shape_);
    kernels<Upsample2dKernels<S>>(dy.device()).backward(dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Shape x_shape_;
};

}  // namespace

template <class S>
Variable<S> upsample_bilinear2d(const Variable<S>& x) {
  DMF_CHECK(x.shape().rank() == 4 && x.value().numel() > 0, ShapeError,
            "[upsample_bilinear2d] x {}: expected [N, H, W, C], none of them 0.", x.shape().str());
  Tensor<S> y = x.value().like(Shape{x.size(0), 2 * x.size(1), 2 * x.size(2), x.size(3)});
  kernels<Upsample2dKernels<S>>(x.device()).forward(x.value().cview(), y.view());
  return record<UpsampleNode<S>>(std::move(y), {x}, x.shape());
}

template Variable<float> upsample_bilinear2d(const Variable<float>&);
template Variable<double> upsample_bilinear2d(const Variable<double>&);

}  // namespace dmf
