#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/benchmarks/op_shapes.h"
#include "engine/tensor/tensor.h"

namespace dmf {

/// Whose kernels, and how the images they work on are kept.
struct KernelSet {
  Device device = Device::cpu();
  Storage storage = Storage::full;  // of images and their gradients
};

/// One kernel of an op, ready to run again and again.
struct KernelCase {
  std::string kernel;
  double operations;  // multiplications and additions of the definition
  double bytes;       // of every input read and every output written once
  Tensor<float> out;  // filled with what nobody would compute, until it has run
  std::function<void()> run;
};

/// The kernels of an op, forward and backward, on the same random data for every set.
///
/// throws  ValueError for an unknown op or a shape that is not positive
std::vector<KernelCase> kernel_cases(const OpShape& shape, const KernelSet& set);

/// Largest difference between two results over the largest value of `expected`.
double relative_difference(const Tensor<float>& result, const Tensor<float>& expected);

}  // namespace dmf
