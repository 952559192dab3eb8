#include "engine/kernels/optimizer/optimizer.h"

#include <algorithm>
#include <cmath>

namespace dmf {
namespace {

template <class T>
class ReferenceOptimizer final : public OptimizerKernels<T> {
 public:
  void gradient_norm(std::span<const ConstView<T>> gradients, double max_norm, View<double> norm,
                     Workspace&) const override {
    double squares = 0.0;
    for (const ConstView<T>& gradient : gradients) {
      for (Index i = 0; i < gradient.numel(); ++i) {
        squares += static_cast<double>(gradient.data[i]) * static_cast<double>(gradient.data[i]);
      }
    }
    norm.data[0] = std::sqrt(squares);
    norm.data[1] = clip_factor(norm.data[0], max_norm);
  }

  void adam_step(const AdamSpec& s, In<double> schedule, In<double> norm,
                 std::span<const AdamTensors<T>> tensors, Workspace&) const override {
    const double lr = schedule.data[0], t = schedule.data[1], factor = norm.data[1];
    if (!std::isfinite(factor)) return;
    for (const auto& [grad, param, m, v] : tensors) {
      for (Index i = 0; i < param.numel(); ++i) {
        auto p = static_cast<double>(param.data[i]);
        auto g = factor * static_cast<double>(grad.data[i]);
        if (s.decoupled) {
          p -= lr * s.weight_decay * p;
        } else {
          g += s.weight_decay * p;
        }
        const double mean = s.beta1 * static_cast<double>(m.data[i]) + (1.0 - s.beta1) * g;
        const double square = s.beta2 * static_cast<double>(v.data[i]) + (1.0 - s.beta2) * g * g;
        const double mean_hat = mean / (1.0 - std::pow(s.beta1, t));
        const double square_hat = square / (1.0 - std::pow(s.beta2, t));
        m.data[i] = static_cast<T>(mean);
        v.data[i] = static_cast<T>(square);
        param.data[i] = static_cast<T>(p - lr * mean_hat / (std::sqrt(square_hat) + s.eps));
      }
    }
  }

  void sgd_step(const SgdSpec& s, In<double> schedule, In<double> norm,
                std::span<const SgdTensors<T>> tensors, Workspace&) const override {
    const double lr = schedule.data[0], factor = norm.data[1];
    if (!std::isfinite(factor)) return;
    for (const auto& [grad, param, velocity] : tensors) {
      for (Index i = 0; i < param.numel(); ++i) {
        const auto p = static_cast<double>(param.data[i]);
        const double g = factor * static_cast<double>(grad.data[i]) + s.weight_decay * p;
        const bool first = schedule.data[1] == 1.0;
        const double speed = first ? g : s.momentum * static_cast<double>(velocity.data[i]) + g;
        velocity.data[i] = static_cast<T>(speed);
        param.data[i] = static_cast<T>(p - lr * (s.nesterov ? g + s.momentum * speed : speed));
      }
    }
  }

  void moving_average(double decay, In<T> x, View<T> average) const override {
    for (Index i = 0; i < x.numel(); ++i) {
      average.data[i] = static_cast<T>(decay * static_cast<double>(average.data[i]) +
                                       (1.0 - decay) * static_cast<double>(x.data[i]));
    }
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
