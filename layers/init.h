#pragma once

#include "engine/core/rng.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// How weights start. Biases start at zero.
enum class Init {
  glorot_uniform,  // U(-a, a), a = sqrt(6 / (fan_in + fan_out))    Glorot & Bengio 2010; Keras's
                   // default
  he_normal,       // N(0, 2 / fan_in)                              He et al. 2015
};

/// shape    [KH, KW, ..]
/// fan_in   inputs that one output sums over; fan_out: outputs that one input takes part in
template <class S>
Tensor<S> initial_weight(Init init, const Shape& shape, Index fan_in, Index fan_out, Rng& rng);

}  // namespace dmf
