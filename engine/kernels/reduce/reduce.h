#pragma once

#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Sums. Every total is kept in double and added over chunks of fixed size in their order, so it is
/// the same for any number of threads, and from run to run.
template <class T>
class ReduceKernels {
 public:
  /// y = sum of all elements, of shape [1]
  virtual void sum(In<T> x, View<T> y, Workspace& workspace) const = 0;

  /// y[c] = sum over all but the last axis of x[.., c]; the gradient of a bias
  virtual void channel_sum(In<T> x, View<T> y, Workspace& workspace) const = 0;

  static const ReduceKernels& reference();
  template <InstructionSet>
  static const ReduceKernels& cpu();
  static const ReduceKernels& cuda();

 protected:
  ~ReduceKernels() = default;
};

}  // namespace dmf
