#pragma once

#include <string>

#include "engine/core/choice.h"
#include "engine/core/device.h"

namespace dmf {

/// How a CUDA device multiplies the matrices of a convolution. Sums are float in all three; the CPU
/// always computes in the tensors' own scalar.
enum class MatmulPrecision { fp32, tf32, bf16 };
inline constexpr Named<MatmulPrecision> kMatmulPrecisions[] = {
    {"fp32", MatmulPrecision::fp32, "on the cores for plain float"},
    {"tf32", MatmulPrecision::tf32, "on tensor cores, factors rounded to 11 bits"},
    {"bf16", MatmulPrecision::bf16,
     "on tensor cores, activations and their gradients kept as bfloat16; parameters stay float"}};

/// What a network computes with: a device, and the precision of its products there.
struct Compute {
  // Not explicit: a device alone is a whole answer wherever the precision has no effect.
  Compute(Device where, MatmulPrecision matmul = MatmulPrecision::tf32)
      : device(where), precision(matmul) {}

  /// Whether activations are kept as bfloat16.
  bool in_bfloat16() const { return !device.is_cpu() && precision == MatmulPrecision::bf16; }

  Device device;
  MatmulPrecision precision;
};

}  // namespace dmf
