#include "engine/ops/reduce.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
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
    kernels<ElementwiseKernels<S>>(dy.device()).broadcast(dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
};

template <class S>
struct BroadcastNode final : Node<S> {
  explicit BroadcastNode(typename Node<S>::Slots inputs)
      : Node<S>(Op::broadcast, std::move(inputs)) {}

  void backward(const Tensor<S>& dy) override {
    Workspace workspace(dy.device());
    Tensor<S> dx(Shape{1}, dy.device());
    kernels<ReduceKernels<S>>(dy.device()).sum(dy.cview(), dx.view(), workspace);
    this->accumulate(0, std::move(dx));
  }
};

template <class S>
struct SectionNode final : Node<S> {
  SectionNode(typename Node<S>::Slots inputs, const Shape& shape, Index first)
      : Node<S>(Op::section, std::move(inputs)), shape_(shape), first_(first) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = Tensor<S>::zeros(shape_, dy.device());
    dx.section(first_, dy.shape()).copy_from(dy);
    this->accumulate(0, std::move(dx));
  }

  Shape shape_;
  Index first_;
};

}  // namespace

template <class S>
Variable<S> sum(const Variable<S>& x) {
  Workspace workspace(x.device());
  Tensor<S> y(Shape{1}, x.device());
  kernels<ReduceKernels<S>>(x.device()).sum(x.value().cview(), y.view(), workspace);
  return record<SumNode<S>>(std::move(y), {x}, x.shape());
}

template <class S>
Variable<S> mean(const Variable<S>& x) {
  return affine(sum(x), 1.0 / static_cast<double>(x.value().numel()), 0.0);
}

template <class S>
Variable<S> broadcast(const Variable<S>& x, const Shape& shape) {
  DMF_CHECK(x.value().numel() == 1, ShapeError, "[broadcast] {}: expected one element.",
            x.shape().str());
  Tensor<S> y(shape, x.device());
  kernels<ElementwiseKernels<S>>(x.device()).broadcast(x.value().cview(), y.view());
  return record<BroadcastNode<S>>(std::move(y), {x});
}

template <class S>
Variable<S> section(const Variable<S>& x, Index first, const Shape& shape) {
  DMF_CHECK(first >= 0 && first + shape.numel() <= x.value().numel(), ShapeError,
            "[section] {} from element {} on is more than {} has.", shape.str(), first,
            x.shape().str());
  return record<SectionNode<S>>(x.value().section(first, shape).clone(), {x}, x.shape(), first);
}

#define DMF_INSTANTIATE(S)                                          \
  template Variable<S> sum(const Variable<S>&);                     \
  template Variable<S> mean(const Variable<S>&);                    \
  template Variable<S> broadcast(const Variable<S>&, const Shape&); \
  template Variable<S> section(const Variable<S>&, Index, const Shape&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
