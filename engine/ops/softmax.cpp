#include "engine/ops/softmax.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/softmax/softmax.h"

namespace dmf {
namespace {

template <class S>
struct SoftmaxNode final : Node<S> {
  SoftmaxNode(typename Node<S>::Slots inputs, const Tensor<S>& y, Storage stored)
      : Node<S>(Op::softmax, std::move(inputs)), y_(y), stored_(stored) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx(y_.shape(), dy.device(), stored_);
    kernels<SoftmaxKernels<S>>(dy.device()).backward(y_.cview(), dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Tensor<S> y_;
  Storage stored_;  // of x, so of its gradient; y itself is kept in full
};

template <class S>
struct LogSoftmaxNode final : Node<S> {
  LogSoftmaxNode(typename Node<S>::Slots inputs, const Tensor<S>& y, Storage stored)
      : Node<S>(Op::log_softmax, std::move(inputs)), y_(y), stored_(stored) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx(y_.shape(), dy.device(), stored_);
    kernels<SoftmaxKernels<S>>(dy.device()).log_backward(y_.cview(), dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  Tensor<S> y_;
  Storage stored_;  // of x, so of its gradient; y itself is kept in full
};

template <class S>
void check_classes(std::string_view op, const Variable<S>& x) {
  DMF_CHECK(x.shape().rank() >= 1 && x.size(-1) >= 1, ShapeError,
            "[{}] x {}: expected at least one class on the last axis.", op, x.shape().str());
}

}  // namespace

template <class S>
Variable<S> softmax(const Variable<S>& x) {
  check_classes("softmax", x);
  Tensor<S> y(x.shape(), x.device());
  kernels<SoftmaxKernels<S>>(x.device()).forward(x.value().cview(), y.view());
  const Tensor<S> saved = y;
  return record<SoftmaxNode<S>>(std::move(y), {x}, saved, x.value().storage());
}

template <class S>
Variable<S> log_softmax(const Variable<S>& x) {
  check_classes("log_softmax", x);
  Tensor<S> y(x.shape(), x.device());
  kernels<SoftmaxKernels<S>>(x.device()).log_forward(x.value().cview(), y.view());
  const Tensor<S> saved = y;
  return record<LogSoftmaxNode<S>>(std::move(y), {x}, saved, x.value().storage());
}

#define DMF_INSTANTIATE(S)                          \
  template Variable<S> softmax(const Variable<S>&); \
  template Variable<S> log_softmax(const Variable<S>&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
