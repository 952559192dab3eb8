#pragma once

#include <span>

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Along the last axis: part p of shape [.., C_p] fills channels C_0 + .. + C_{p-1} onwards of the
/// whole, [.., C_0 + .. + C_{P-1}].
template <class T>
class ConcatKernels {
 public:
  virtual void concat(std::span<const ConstView<T>> parts, View<T> whole) const = 0;

  /// The inverse. Parts with no data are skipped.
  virtual void split(In<T> whole, std::span<const View<T>> parts) const = 0;

  static const ConcatKernels& reference();
  template <InstructionSet>
  static const ConcatKernels& cpu();
  static const ConcatKernels& cuda();

 protected:
  ~ConcatKernels() = default;
};

}  // namespace dmf
