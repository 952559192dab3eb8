#include "engine/optim/weight_average.h"

#include <algorithm>

#include "engine/kernels/backends.h"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf {

template <class S>
WeightAverage<S>::WeightAverage(const std::vector<NamedParameter<S>>& parameters,
                                const std::vector<NamedBuffer<S>>& buffers) {
  for (const NamedParameter<S>& p : parameters) live_.emplace(p.name, p.variable.value());
  for (const NamedBuffer<S>& b : buffers) live_.emplace(b.name, b.tensor);
  for (const auto& [name, tensor] : live_) averages_.emplace(name, tensor.clone());
}

template <class S>
void WeightAverage<S>::update(double decay) {
  ++updates_;
  for (const auto& [name, tensor] : live_) {
    kernels<OptimizerKernels<S>>(tensor.device())
        .moving_average(decay, tensor.cview(), averages_.at(name).view());
  }
}

template <class S>
void WeightAverage<S>::swap() {
  for (const auto& [name, tensor] : live_) {
    const Tensor<S> own = tensor.clone();
    tensor.copy_from(averages_.at(name));
    averages_.at(name).copy_from(own);
  }
}

double ema_decay(double decay, std::int64_t updates) {
  const auto t = static_cast<double>(updates);
  return std::min(decay, (1.0 + t) / (10.0 + t));
}

template class WeightAverage<float>;
template class WeightAverage<double>;

}  // namespace dmf
