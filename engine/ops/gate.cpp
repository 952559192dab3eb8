#include "engine/ops/gate.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/gate/gate.h"

namespace dmf {
namespace {

template <class S>
struct GateNode final : Node<S> {
  GateNode(typename Node<S>::Slots inputs, const Tensor<S>& x, const Tensor<S>& a)
      : Node<S>(Op::gate, std::move(inputs)), x_(x), a_(a) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx = x_.like(x_.shape()), da = a_.like(a_.shape());
    kernels<GateKernels<S>>(dy.device())
        .backward(x_.cview(), a_.cview(), dy.cview(), dx.view(), da.view());
    this->accumulate(0, std::move(dx));
    this->accumulate(1, std::move(da));
  }

  Tensor<S> x_, a_;
};

}  // namespace

template <class S>
Variable<S> gate(const Variable<S>& x, const Variable<S>& a) {
  DMF_CHECK(x.shape().rank() == 4 && x.value().numel() > 0 && a.shape() == x.shape().with(3, 1),
            ShapeError,
            "[gate] x {} and a {}: expected [N, H, W, C], none of them 0, and [N, H, W, 1].",
            x.shape().str(), a.shape().str());
  Tensor<S> y = x.value().like(x.shape());
  kernels<GateKernels<S>>(x.device()).forward(x.value().cview(), a.value().cview(), y.view());
  return record<GateNode<S>>(std::move(y), {x, a}, x.value(), a.value());
}

template Variable<float> gate(const Variable<float>&, const Variable<float>&);
template Variable<double> gate(const Variable<double>&, const Variable<double>&);

}  // namespace dmf
