#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// x, its elements kept in the way that is given; x itself where it is kept so already. What ops
/// make of it is kept alike, and so are their gradients; parameters and losses stay in full.
///
/// throws  ValueError for Storage::bfloat16 anywhere but on a CUDA device, or for doubles
template <class S>
Variable<S> store_as(const Variable<S>& x, Storage storage);

}  // namespace dmf
