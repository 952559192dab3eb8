#include "layers/init.h"

#include <cmath>

namespace dmf {

template <class S>
Tensor<S> initial_weight(Init init, const Shape& shape, Index fan_in, Index fan_out, Rng& rng) {
  Tensor<S> weight(shape);
  const double limit = std::sqrt(6.0 / static_cast<double>(fan_in + fan_out));
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_in));
  for (S& w : weight.span()) {
    w = static_cast<S>(init == Init::glorot_uniform ? rng.uniform(-limit, limit)
                                                    : deviation * rng.normal());
  }
  return weight;
}

template Tensor<float> initial_weight(Init, const Shape&, Index, Index, Rng&);
template Tensor<double> initial_weight(Init, const Shape&, Index, Index, Rng&);

}  // namespace dmf
