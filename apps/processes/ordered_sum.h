#pragma once

#include <vector>

#include "apps/processes/processes.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// The sum of all processes' terms, first process's first, each by its own in order: ((t0 + t1) + t2)
/// + ... in float, the same bytes for any number of processes that the terms are divided among.
/// Every process adds a slice of all terms, which then goes to the others.
///
/// own     terms of this process, [n] each; as many in every process, at least one. Written over
/// return  [n], in every process
/// throws  as Processes::gather()
Tensor<float> ordered_sum(Processes& processes, const std::vector<Tensor<float>>& own);

}  // namespace dmf
