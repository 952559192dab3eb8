#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/benchmarks/op_shapes.h"

namespace dmf {

/// One kernel of an op, ready to run.
struct KernelCase {
  std::string kernel;
  double operations;              // multiplications and additions of the definition
  double bytes;                   // of every input read and every output written once
  std::function<void()> run;      // the cpu kernel
  std::function<double()> error;  // largest difference from ref over the largest value
};

/// The kernels of an op, forward and backward, on random data.
///
/// throws  ValueError for an unknown op or a shape that is not positive
std::vector<KernelCase> kernel_cases(const OpShape& shape);

}  // namespace dmf
