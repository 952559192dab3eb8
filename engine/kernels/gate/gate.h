#pragma once

#include <cmath>
#include <type_traits>

#include "engine/core/instruction_set.h"
#include "engine/kernels/elementwise/gelu.h"
#include "engine/tensor/view.h"

namespace dmf {

/// 1 / (1 + exp(-a)), without overflow. constexpr so that CUDA kernels may call it too.
template <class T>
constexpr T sigmoid(T a) {
  const T away = a < T{0} ? a : -a;
  T small;
  if constexpr (std::is_same_v<T, float>) {
    small = functors::exp_of_negative(away);
  } else {
    small = std::exp(away);
  }
  return (a < T{0} ? small : T{1}) / (T{1} + small);
}

/// Each pixel's channels times one number in (0, 1), s = sigmoid(a): x and y are [M, C] to these
/// kernels, a is [M].
template <class T>
class GateKernels {
 public:
  /// y_c = x_c * s
  virtual void forward(In<T> x, In<T> a, View<T> y) const = 0;
  /// dx_c = dy_c * s;  da = s * (1 - s) * sum_c dy_c * x_c
  virtual void backward(In<T> x, In<T> a, In<T> dy, View<T> dx, View<T> da) const = 0;

  static const GateKernels& reference();
  template <InstructionSet>
  static const GateKernels& cpu();
  static const GateKernels& cuda();

 protected:
  ~GateKernels() = default;
};

}  // namespace dmf
