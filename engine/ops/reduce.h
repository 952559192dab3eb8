#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// Sum of all elements, shape [1], added up in double.
template <class S>
Variable<S> sum(const Variable<S>& x);

/// Mean of all elements, shape [1].
template <class S>
Variable<S> mean(const Variable<S>& x);

/// The one element of x everywhere; its gradient is the sum.
///
/// throws  ShapeError unless x has one element
template <class S>
Variable<S> broadcast(const Variable<S>& x, const Shape& shape);

/// The elements from `first` on, as many as `shape` has, in that shape.
///
/// throws  ShapeError where x has not so many
template <class S>
Variable<S> section(const Variable<S>& x, Index first, const Shape& shape);

}  // namespace dmf
