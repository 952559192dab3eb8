#pragma once

#include "engine/cuda/channel_sums.cuh"

namespace dmf::cuda {

/// A term of channel_sums(): of x less its plane's first value of the channel, which keeps the digits
/// under a large common offset, the sum and the sum of squares.
template <class E>
struct Moments {
  using Element = E;
  static constexpr int kTerms = 2;
  const E* x;
  Index plane = 0;  // elements of one, where there are several

  template <int V>
  struct Columns {
    const E* x;
    Pack<E, V> first;

    __device__ Columns(const Moments& term, Index channel)
        : x(term.x + blockIdx.z * term.plane),
          first(*reinterpret_cast<const Pack<E, V>*>(x + channel)) {}
    __device__ void add(Index at, ComputeType<E> (&sums)[2][V]) const {
      const auto values = *reinterpret_cast<const Pack<E, V>*>(x + at);
      for (int v = 0; v < V; ++v) {
        const ComputeType<E> centred = load(values.at[v]) - load(first.at[v]);
        sums[0][v] += centred;
        sums[1][v] += centred * centred;
      }
    }
  };
};

}  // namespace dmf::cuda
