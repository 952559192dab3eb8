#include "engine/kernels/optimizer/optimizer.h"

#include <cmath>

#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

/// The elements in double, in which the plain kernels compute.
template <class View>
Array<double> in_double(const View& x) {
  return array(x).template cast<double>();
}

template <class T>
class ReferenceOptimizer final : public OptimizerKernels<T> {
 public:
  void gradient_norm(std::span<const ConstView<T>> gradients, double max_norm, View<double> norm,
                     Workspace&) const override {
    double squares = 0.0;
    for (const ConstView<T>& gradient : gradients) squares += in_double(gradient).square().sum();
    norm.data[0] = std::sqrt(squares);
    norm.data[1] = clip_factor(norm.data[0], max_norm);
  }

  void adam_step(const AdamSpec& s, In<double> schedule, In<double> norm,
                 std::span<const AdamTensors<T>> tensors, Workspace&) const override {
    const double lr = schedule.data[0], t = schedule.data[1], factor = norm.data[1];
    if (!std::isfinite(factor)) return;
    for (const auto& [grad, param, m, v] : tensors) {
      Array<double> p = in_double(param), g = factor * in_double(grad);
      if (s.decoupled) {
        p -= lr * s.weight_decay * p;
      } else {
        g += s.weight_decay * p;
      }
      const Array<double> mean = s.beta1 * in_double(m) + (1.0 - s.beta1) * g;
      const Array<double> square = s.beta2 * in_double(v) + (1.0 - s.beta2) * g.square();
      const Array<double> mean_hat = mean / (1.0 - std::pow(s.beta1, t));
      const Array<double> square_hat = square / (1.0 - std::pow(s.beta2, t));
      p -= lr * mean_hat / (square_hat.sqrt() + s.eps);
      array(m) = mean.cast<T>();
      array(v) = square.cast<T>();
      array(param) = p.cast<T>();
    }
  }

  void sgd_step(const SgdSpec& s, In<double> schedule, In<double> norm,
                std::span<const SgdTensors<T>> tensors, Workspace&) const override {
    const double lr = schedule.data[0], factor = norm.data[1];
    if (!std::isfinite(factor)) return;
    const bool first = schedule.data[1] == 1.0;
    for (const auto& [grad, param, velocity] : tensors) {
      const Array<double> g = factor * in_double(grad) + s.weight_decay * in_double(param);
      const Array<double> speed = first ? g : Array<double>(s.momentum * in_double(velocity) + g);
      const Array<double> step = s.nesterov ? Array<double>(g + s.momentum * speed) : speed;
      array(velocity) = speed.cast<T>();
      array(param) = (in_double(param) - lr * step).template cast<T>();
    }
  }

  void moving_average(double decay, In<T> x, View<T> average) const override {
    array(average) = (decay * in_double(average) + (1.0 - decay) * in_double(x)).template cast<T>();
  }
};

}  // namespace

template <class T>
const OptimizerKernels<T>& OptimizerKernels<T>::reference() {
  static const ReferenceOptimizer<T> kernels{};
  return kernels;
}
template const OptimizerKernels<float>& OptimizerKernels<float>::reference();
template const OptimizerKernels<double>& OptimizerKernels<double>::reference();

}  // namespace dmf
