#pragma once

#include "engine/tensor/tensor.h"

namespace dmf {

/// [KH, KW, A, B] -> [KH, KW, B, A]: between the reference's layout of transposed convolutions and
/// Keras's, which the engine uses. The result lives on the CPU.
template <class S>
Tensor<S> swap_last_axes(const Tensor<S>& there) {
  const Tensor<S> from = there.to(Device::cpu());
  const Index A = from.size(2), B = from.size(3), taps = from.size(0) * from.size(1);
  Tensor<S> to(Shape{from.size(0), from.size(1), B, A});
  for (Index t = 0; t < taps; ++t) {
    for (Index a = 0; a < A; ++a) {
      for (Index b = 0; b < B; ++b)
        to.data()[(t * B + b) * A + a] = from.data()[(t * A + a) * B + b];
    }
  }
  return to;
}

}  // namespace dmf
