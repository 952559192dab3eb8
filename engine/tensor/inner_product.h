#pragma once

#include <cassert>

#include "engine/tensor/tensor.h"

namespace dmf {

/// <a, b>, added up in double, in the order of the elements.
///
/// a, b  of as many elements, on the CPU
template <class S>
double inner_product(const Tensor<S>& a, const Tensor<S>& b) {
  assert(a.numel() == b.numel() && a.device().is_cpu() && b.device().is_cpu());
  double sum = 0.0;
  for (Index i = 0; i < a.numel(); ++i) {
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  }
  return sum;
}

}  // namespace dmf
