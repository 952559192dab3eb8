#include "engine/ops/reduce.h"

#include "engine/core/check.h"
#include "engine/kernels/dispatch.h"
#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/ops/elementwise.h"

namespace dmf {
namespace {

template <class S>
struct SumNode final : Node<S> {
  SumNode(typename Node<S>::Slots inputs, const Shape& shape)
      : Node<S>(Op::sum, std::move(inputs)), shape_(shape) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx(shape_, dy.device());
    DMF_DISPATCH(dy.device(), broadcast<S>, dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
};

template <class S>
struct SelectNode final : Node<S> {
  SelectNode(typename Node<S>::Slots inputs, const Shape& shape, Index index)
      : Node<S>(Op::select, std::move(inputs)), shape_(shape), index_(index) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = Tensor<S>::zeros(shape_, dy.device());
    dx.slice(index_).copy_from(dy);
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
  Index index_;
};

}  // namespace

template <class S>
Variable<S> sum(const Variable<S>& x) {
  Workspace workspace(x.device());
  Tensor<S> y(Shape{1}, x.device());
  DMF_DISPATCH(x.device(), sum<S>, x.value().cview(), y.view(), workspace);
  return record<SumNode<S>>(std::move(y), {x}, x.shape());
}

template <class S>
Variable<S> mean(const Variable<S>& x) {
  return affine(sum(x), 1.0 / static_cast<double>(x.value().numel()), 0.0);
}

template <class S>
Variable<S> select(const Variable<S>& x, Index index) {
  DMF_CHECK(x.shape().rank() >= 1 && index >= 0 && index < x.size(0), ShapeError,
            "[select] index {} is outside the first axis of {}.", index, x.shape().str());
  return record<SelectNode<S>>(x.value().slice(index).clone(), {x}, x.shape(), index);
}

#define DMF_INSTANTIATE(S)                       \
  template Variable<S> sum(const Variable<S>&);  \
  template Variable<S> mean(const Variable<S>&); \
  template Variable<S> select(const Variable<S>&, Index);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
