#include "engine/ops/dropout.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"

namespace dmf {
namespace {

template <class S>
struct DropoutNode final : Node<S> {
  DropoutNode(typename Node<S>::Slots inputs, const DropoutSpec& spec)
      : Node<S>(Op::dropout, std::move(inputs)), spec_(spec) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = dy.like(dy.shape());
    kernels<DropoutKernels<S>>(dy.device()).apply(spec_, dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  DropoutSpec spec_;
};

}  // namespace

template <class S>
Variable<S> dropout(const Variable<S>& x, const DropoutSpec& spec) {
  DMF_CHECK(spec.rate >= 0.0 && spec.rate < 1.0, ValueError,
            "[dropout] rate {}: expected 0 <= rate < 1.", spec.rate);
  Tensor<S> y = x.value().like(x.shape());
  kernels<DropoutKernels<S>>(x.device()).apply(spec, x.value().cview(), y.view());
  return record<DropoutNode<S>>(std::move(y), {x}, spec);
}

template Variable<float> dropout(const Variable<float>&, const DropoutSpec&);
template Variable<double> dropout(const Variable<double>&, const DropoutSpec&);

}  // namespace dmf
