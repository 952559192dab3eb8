#include "engine/ops/reduce.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/kernels/dispatch.h"
#include "engine/kernels/reduce/reduce.h"
#include "engine/ops/elementwise.h"

namespace dmf {
namespace {

template <class S>
struct SumNode final : Node<S> {
  SumNode(typename Node<S>::Slots inputs, const Shape& shape)
      : Node<S>(Op::sum, std::move(inputs)), shape_(shape) {}

  void backward(const Tensor<S>& dy) override {
    this->accumulate(0, Tensor<S>::full(shape_, dy.item(), dy.device()));
  }

  Shape shape_;
};

template <class S>
struct SelectNode final : Node<S> {
  SelectNode(typename Node<S>::Slots inputs, const Shape& shape, Index index)
      : Node<S>(Op::select, std::move(inputs)), shape_(shape), index_(index) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = Tensor<S>::zeros(shape_, dy.device());
    std::copy_n(dy.data(), dy.numel(), dx.data() + index_ * dy.numel());
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
  Index index_;
};

}  // namespace

template <class S>
Variable<S> sum(const Variable<S>& x) {
  Workspace workspace(x.device());
  const double total = DMF_DISPATCH(x.device(), sum<S>, x.value().cview(), workspace);
  return record<SumNode<S>>(Tensor<S>::full(Shape{1}, static_cast<S>(total), x.device()), {x},
                            x.shape());
}

template <class S>
Variable<S> mean(const Variable<S>& x) {
  return affine(sum(x), 1.0 / static_cast<double>(x.value().numel()), 0.0);
}

template <class S>
Variable<S> select(const Variable<S>& x, Index index) {
  DMF_CHECK(x.shape().rank() >= 1 && index >= 0 && index < x.size(0), ShapeError,
            "[select] index {} is outside the first axis of {}.", index, x.shape().str());
  const Tensor<S> y(Shape(x.shape().dims().subspan(1)), x.device());
  std::copy_n(x.value().data() + index * y.numel(), y.numel(), y.data());
  return record<SelectNode<S>>(y, {x}, x.shape(), index);
}

#define DMF_INSTANTIATE(S)                       \
  template Variable<S> sum(const Variable<S>&);  \
  template Variable<S> mean(const Variable<S>&); \
  template Variable<S> select(const Variable<S>&, Index);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
