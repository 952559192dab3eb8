#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// Sum of all elements, shape [1], added up in double.
template <class S>
Variable<S> sum(const Variable<S>& x);

/// Mean of all elements, shape [1].
template <class S>
Variable<S> mean(const Variable<S>& x);

/// Slice `index` along the first axis: [D0, D1, ..] -> [D1, ..].
///
/// throws  ShapeError for a scalar or an index outside [0, D0)
template <class S>
Variable<S> select(const Variable<S>& x, Index index);

}  // namespace dmf
