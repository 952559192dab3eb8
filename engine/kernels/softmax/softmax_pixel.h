#pragma once

#include <algorithm>
#include <cmath>

#include "engine/core/shape.h"

// The CPU's log softmax of one pixel with C classes. Input and output may be the same memory in the
// gradient.

namespace dmf {

template <class T>
void log_softmax_of(const T* x, Index C, T* y) {
  const T largest = *std::max_element(x, x + C);
  T sum{0};
  for (Index k = 0; k < C; ++k) sum += std::exp(x[k] - largest);
  const T log_sum = std::log(sum);
  for (Index k = 0; k < C; ++k) y[k] = (x[k] - largest) - log_sum;
}

template <class T>
void log_softmax_gradient_of(const T* y, const T* dy, Index C, T* dx) {
  T sum{0};
  for (Index k = 0; k < C; ++k) sum += dy[k];
  for (Index k = 0; k < C; ++k) dx[k] = dy[k] - std::exp(y[k]) * sum;
}

}  // namespace dmf
