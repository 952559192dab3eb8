#pragma once

#include <cmath>
#include <limits>

#include "engine/core/rng.h"
#include "engine/tensor/tensor.h"

namespace dmf {

template <class S>
Tensor<S> random_tensor(const Shape& shape, Rng& rng, double lo = -1.0, double hi = 1.0) {
  Tensor<S> t(shape);
  for (S& v : t.span()) v = static_cast<S>(rng.uniform(lo, hi));
  return t;
}

/// Whole numbers in [-most, most]: sums of their products are exact in float while small, so two
/// kernels must agree to the last bit whatever their order of summation.
template <class S>
Tensor<S> random_integers(const Shape& shape, Rng& rng, int most = 4) {
  Tensor<S> t(shape);
  for (S& v : t.span()) {
    v = static_cast<S>(static_cast<int>(rng.below(static_cast<std::uint64_t>(2 * most + 1))) -
                       most);
  }
  return t;
}

inline Tensor<std::int32_t> random_labels(const Shape& shape, int classes, Rng& rng) {
  Tensor<std::int32_t> t(shape);
  for (std::int32_t& v : t.span()) {
    v = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(classes)));
  }
  return t;
}

/// An output that no kernel has written to: one that forgets an element leaves a NaN.
template <class S>
Tensor<S> unwritten(const Shape& shape) {
  return Tensor<S>::full(shape, std::numeric_limits<S>::quiet_NaN());
}

/// Largest |a - b|; infinite where either holds a NaN or the shapes differ.
template <class S>
double largest_difference(const Tensor<S>& from, const Tensor<S>& to) {
  const Tensor<S> a = from.to(Device::cpu()), b = to.to(Device::cpu());
  if (!(a.shape() == b.shape())) return std::numeric_limits<double>::infinity();
  double largest = 0.0;
  for (Index i = 0; i < a.numel(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
    if (!(d <= largest)) largest = std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
  }
  return largest;
}

template <class S>
double largest_magnitude(const Tensor<S>& a) {
  double largest = 0.0;
  for (const S v : a.span()) largest = std::max(largest, std::abs(static_cast<double>(v)));
  return largest;
}

}  // namespace dmf
