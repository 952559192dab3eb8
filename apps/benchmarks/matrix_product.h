#pragma once

#include "engine/core/compute.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// c = a b for square row-major matrices on a CUDA device; a and b
/// stored as bfloat16 for bf16, c in full. For measuring what the device can do.
void multiply_matrices(const Tensor<float>& a, const Tensor<float>& b, const Tensor<float>& c,
                       MatmulPrecision precision);

}  // namespace dmf
