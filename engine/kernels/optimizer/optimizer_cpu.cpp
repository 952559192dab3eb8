#include <cmath>

#include "engine/core/eigen.h"
#include "engine/core/parallel.h"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf::cpu {
namespace {

constexpr Index kGrain = 1 << 14;

}  // namespace

template <class T>
void adam_step(const AdamStep& s, In<T> grad, View<T> param, View<T> m, View<T> v) {
  const auto t = static_cast<double>(s.step);
  const T step_size = static_cast<T>(s.lr / (1.0 - std::pow(s.beta1, t)));
  const T square_scale = static_cast<T>(1.0 / (1.0 - std::pow(s.beta2, t)));
  const T beta1 = static_cast<T>(s.beta1), beta2 = static_cast<T>(s.beta2);
  const T rest1 = static_cast<T>(1.0 - s.beta1), rest2 = static_cast<T>(1.0 - s.beta2);
  const T eps = static_cast<T>(s.eps);
  const T shrink = static_cast<T>(s.decoupled ? 1.0 - s.lr * s.weight_decay : 1.0);
  const T decay = static_cast<T>(s.decoupled ? 0.0 : s.weight_decay);
  parallel_chunks(param.numel(), kGrain, [&](Index begin, Index end) {
    auto p = as_array(param.data + begin, end - begin);
    auto mean = as_array(m.data + begin, end - begin);
    auto square = as_array(v.data + begin, end - begin);
    const auto g = as_array(grad.data + begin, end - begin) + decay * p;
    mean = beta1 * mean + rest1 * g;
    square = beta2 * square + rest2 * g.square();
    p = shrink * p - step_size * mean / ((square * square_scale).sqrt() + eps);
  });
}

template <class T>
void sgd_step(const SgdStep& s, In<T> grad, View<T> param, View<T> velocity) {
  const T lr = static_cast<T>(s.lr), decay = static_cast<T>(s.weight_decay);
  const T momentum = static_cast<T>(s.momentum), kept = s.first ? T{0} : momentum;
  parallel_chunks(param.numel(), kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const T g = grad.data[i] + decay * param.data[i];
      const T speed = kept * velocity.data[i] + g;
      velocity.data[i] = speed;
      param.data[i] -= lr * (s.nesterov ? g + momentum * speed : speed);
    }
  });
}

template <class T>
void moving_average(double decay, In<T> x, View<T> average) {
  const T kept = static_cast<T>(decay), added = static_cast<T>(1.0 - decay);
  parallel_chunks(x.numel(), kGrain, [&](Index begin, Index end) {
    auto mean = as_array(average.data + begin, end - begin);
    mean = kept * mean + added * as_array(x.data + begin, end - begin);
  });
}

template <class T>
void scale(double factor, View<T> x) {
  parallel_chunks(x.numel(), kGrain, [&](Index begin, Index end) {
    as_array(x.data + begin, end - begin) *= static_cast<T>(factor);
  });
}

#define DMF_INSTANTIATE(T)                                                       \
  template void adam_step<T>(const AdamStep&, In<T>, View<T>, View<T>, View<T>); \
  template void sgd_step<T>(const SgdStep&, In<T>, View<T>, View<T>);            \
  template void moving_average<T>(double, In<T>, View<T>);                       \
  template void scale<T>(double, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
