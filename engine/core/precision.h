#pragma once

#include <string>
#include <string_view>

namespace dmf {

/// How a CUDA device multiplies the matrices of a convolution. Sums are float in all three; the CPU
/// always computes in the tensors' own scalar.
enum class MatmulPrecision {
  fp32,  // on the cores for plain float
  tf32,  // on tensor cores, factors rounded to 11 bits
  bf16,  // on tensor cores, activations and their gradients kept as bfloat16; parameters stay float
};

/// For all convolutions of this process; tf32 unless set.
MatmulPrecision matmul_precision();
void set_matmul_precision(MatmulPrecision precision);

/// "fp32", "tf32" or "bf16"
std::string precision_name(MatmulPrecision precision);
/// throws  ValueError for any other name
MatmulPrecision precision_named(std::string_view name);

}  // namespace dmf
