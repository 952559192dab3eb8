#include "engine/kernels/optimizer/optimizer.h"

#include <cmath>

namespace dmf::ref {

template <class T>
void adam_step(const AdamStep& s, In<T> grad, View<T> param, View<T> m, View<T> v) {
  for (Index i = 0; i < param.numel(); ++i) {
    auto p = static_cast<double>(param.data[i]);
    auto g = static_cast<double>(grad.data[i]);
    if (s.decoupled) {
      p -= s.lr * s.weight_decay * p;
    } else {
      g += s.weight_decay * p;
    }
    const double mean = s.beta1 * static_cast<double>(m.data[i]) + (1.0 - s.beta1) * g;
    const double square = s.beta2 * static_cast<double>(v.data[i]) + (1.0 - s.beta2) * g * g;
    const auto t = static_cast<double>(s.step);
    const double mean_hat = mean / (1.0 - std::pow(s.beta1, t));
    const double square_hat = square / (1.0 - std::pow(s.beta2, t));
    m.data[i] = static_cast<T>(mean);
    v.data[i] = static_cast<T>(square);
    param.data[i] = static_cast<T>(p - s.lr * mean_hat / (std::sqrt(square_hat) + s.eps));
  }
}

template <class T>
void sgd_step(const SgdStep& s, In<T> grad, View<T> param, View<T> velocity) {
  for (Index i = 0; i < param.numel(); ++i) {
    const auto p = static_cast<double>(param.data[i]);
    const double g = static_cast<double>(grad.data[i]) + s.weight_decay * p;
    const double speed = s.first ? g : s.momentum * static_cast<double>(velocity.data[i]) + g;
    velocity.data[i] = static_cast<T>(speed);
    param.data[i] = static_cast<T>(p - s.lr * (s.nesterov ? g + s.momentum * speed : speed));
  }
}

template <class T>
void moving_average(double decay, In<T> x, View<T> average) {
  for (Index i = 0; i < x.numel(); ++i) {
    average.data[i] = static_cast<T>(decay * static_cast<double>(average.data[i]) +
                                     (1.0 - decay) * static_cast<double>(x.data[i]));
  }
}

template <class T>
void scale(double factor, View<T> x) {
  for (Index i = 0; i < x.numel(); ++i) {
    x.data[i] = static_cast<T>(factor * static_cast<double>(x.data[i]));
  }
}

#define DMF_INSTANTIATE(T)                                                       \
  template void adam_step<T>(const AdamStep&, In<T>, View<T>, View<T>, View<T>); \
  template void sgd_step<T>(const SgdStep&, In<T>, View<T>, View<T>);            \
  template void moving_average<T>(double, In<T>, View<T>);                       \
  template void scale<T>(double, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
