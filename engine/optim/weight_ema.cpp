#include "engine/optim/weight_ema.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf {

template <class S>
WeightEma<S>::WeightEma(const std::vector<NamedParameter<S>>& parameters,
                        const std::vector<NamedBuffer<S>>& buffers, double decay)
    : decay_(decay) {
  DMF_CHECK(decay >= 0.0 && decay < 1.0, ValueError, "[ema] decay {}: expected 0 <= decay < 1.",
            decay);
  for (const NamedParameter<S>& p : parameters) live_.emplace(p.name, p.variable.value());
  for (const NamedBuffer<S>& b : buffers) live_.emplace(b.name, b.tensor);
  for (const auto& [name, tensor] : live_) averages_.emplace(name, tensor.clone());
}

template <class S>
void WeightEma<S>::update() {
  const auto t = static_cast<double>(updates_++);
  const double decay = std::min(decay_, (1.0 + t) / (10.0 + t));
  for (const auto& [name, tensor] : live_) {
    kernels<OptimizerKernels<S>>(tensor.device())
        .moving_average(decay, tensor.cview(), averages_.at(name).view());
  }
}

template <class S>
void WeightEma<S>::swap() {
  for (const auto& [name, tensor] : live_) {
    const Tensor<S> own = tensor.clone();
    tensor.copy_from(averages_.at(name));
    averages_.at(name).copy_from(own);
  }
}

template class WeightEma<float>;
template class WeightEma<double>;

}  // namespace dmf
