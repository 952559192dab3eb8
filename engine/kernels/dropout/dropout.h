#pragma once

#include <cstdint>

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Which numbers a dropout draws: element i keeps its value or not by philox(i / 4, stream; seed)
/// alone, so the mask is the same on any device and thread and need not be stored.
struct DropoutSpec {
  double rate = 0.5;  // probability of a zero, in [0, 1)
  std::uint64_t seed = 0, stream = 0;
};

template <class T>
class DropoutKernels {
 public:
  /// y = x / (1 - rate) where kept, else 0. Its own gradient: apply it to dy.
  virtual void apply(const DropoutSpec& spec, In<T> x, View<T> y) const = 0;

  static const DropoutKernels& reference();
  template <InstructionSet>
  static const DropoutKernels& cpu();
  static const DropoutKernels& cuda();

 protected:
  ~DropoutKernels() = default;
};

}  // namespace dmf
