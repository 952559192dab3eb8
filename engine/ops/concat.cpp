#include "engine/ops/concat.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/concat/concat.h"

namespace dmf {
namespace {

template <class S>
struct ConcatNode final : Node<S> {
  ConcatNode(typename Node<S>::Slots inputs, std::vector<Shape> shapes)
      : Node<S>(Op::concat, std::move(inputs)), shapes_(std::move(shapes)) {}

  void backward(const Tensor<S>& dy) override {
    std::vector<Tensor<S>> gradients(shapes_.size());
    std::vector<View<S>> views;
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (this->needs_grad(i)) gradients[i] = dy.like(shapes_[i]);
      views.push_back(gradients[i].defined() ? gradients[i].view() : View<S>(shapes_[i]));
    }
    kernels<ConcatKernels<S>>(dy.device()).split(dy.cview(), views);
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      if (gradients[i].defined()) this->accumulate(i, std::move(gradients[i]));
    }
  }

  std::vector<Shape> shapes_;
};

}  // namespace

template <class S>
Variable<S> concat(const std::vector<Variable<S>>& parts) {
  DMF_CHECK(!parts.empty(), ShapeError, "[concat] nothing to join: expected at least one part.");
  const Shape& first = parts.front().shape();
  DMF_CHECK(first.rank() >= 1, ShapeError, "[concat] a scalar has no channel axis.");
  Index channels = 0;
  std::vector<Shape> shapes;
  std::vector<ConstView<S>> views;
  for (const Variable<S>& part : parts) {
    const bool fits =
        part.shape().rank() == first.rank() && part.shape().with(-1, first[-1]) == first;
    DMF_CHECK(fits, ShapeError, "[concat] {} does not fit beside {}: only channels may differ.",
              part.shape().str(), first.str());
    channels += part.size(-1);
    shapes.push_back(part.shape());
    views.push_back(part.value().cview());
  }
  Tensor<S> y = parts.front().value().like(first.with(-1, channels));
  kernels<ConcatKernels<S>>(y.device()).concat(views, y.view());
  return record_all<ConcatNode<S>>(std::move(y), parts, std::move(shapes));
}

template Variable<float> concat(const std::vector<Variable<float>>&);
template Variable<double> concat(const std::vector<Variable<double>>&);

}  // namespace dmf
