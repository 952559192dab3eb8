#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/benchmarks/op_shapes.h"
#include "engine/core/compute.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// One kernel of an op, ready to run again and again.
struct KernelCase {
  std::string kernel;
  double operations;  // multiplications and additions of the definition
  double bytes;       // of every input read and every output written once
  Tensor<float> out;  // filled with what nobody would compute, until it has run
  std::function<void()> run;
};

/// The kernels of an op, forward and backward, on the same random data whatever computes.
///
/// throws  ValueError for an unknown op or a shape that is not positive
std::vector<KernelCase> kernel_cases(const OpShape& shape, const Compute& compute);

/// Largest difference between two results over the largest value of `expected`.
double relative_difference(const Tensor<float>& result, const Tensor<float>& expected);

}  // namespace dmf
