#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// max(x, 0); the gradient at exactly 0 is 0.
template <class S>
Variable<S> relu(const Variable<S>& x);

/// x where it is above 0, else slope * x; the gradient at exactly 0 is the slope's.
///
/// throws  ValueError unless 0 <= slope < 1
template <class S>
Variable<S> leaky_relu(const Variable<S>& x, double slope = 0.01);

/// x times the normal distribution's function of x, in its exact form (by erf).
template <class S>
Variable<S> gelu(const Variable<S>& x);

/// scale * x + shift
template <class S>
Variable<S> affine(const Variable<S>& x, double scale, double shift);

template <class S>
Variable<S> exp(const Variable<S>& x);

/// The natural logarithm: -inf of 0, NaN below.
template <class S>
Variable<S> log(const Variable<S>& x);

/// NaN below 0; the gradient at exactly 0 is 0, not infinite.
template <class S>
Variable<S> sqrt(const Variable<S>& x);

/// x to a constant exponent; NaN for x below 0 unless the exponent is whole. The gradient at exactly
/// 0 of an exponent below 1 is 0, not infinite.
///
/// throws  ValueError unless the exponent is finite
template <class S>
Variable<S> pow(const Variable<S>& x, double exponent);

/// |x|; the gradient at exactly 0 is 0.
template <class S>
Variable<S> abs(const Variable<S>& x);

// Element by element, for operands of one shape.
// throws  ShapeError where the shapes differ: nothing is broadcast

template <class S>
Variable<S> operator+(const Variable<S>& a, const Variable<S>& b);
template <class S>
Variable<S> operator-(const Variable<S>& a, const Variable<S>& b);
template <class S>
Variable<S> operator*(const Variable<S>& a, const Variable<S>& b);
template <class S>
Variable<S> operator/(const Variable<S>& a, const Variable<S>& b);
/// Of equal operands the first, which has the whole gradient.
template <class S>
Variable<S> maximum(const Variable<S>& a, const Variable<S>& b);
template <class S>
Variable<S> minimum(const Variable<S>& a, const Variable<S>& b);

template <class S>
Variable<S> operator+(const Variable<S>& x, double shift) {
  return affine(x, 1.0, shift);
}
template <class S>
Variable<S> operator*(double scale, const Variable<S>& x) {
  return affine(x, scale, 0.0);
}
template <class S>
Variable<S> operator-(double from, const Variable<S>& x) {
  return affine(x, -1.0, from);
}

}  // namespace dmf
