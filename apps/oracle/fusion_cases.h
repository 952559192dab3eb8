#pragma once

#include <algorithm>

#include "apps/oracle/reference_case.h"
#include "dmf/fused_loss.h"

namespace dmf {

/// The complete loss that a case's attributes describe.
template <class S>
FusedLoss<S> fused_loss_of(const ReferenceCase& c);

/// Results of consecutive steps of a fused loss.
template <class S>
class FusionTrace {
 public:
  FusionTrace(Index steps, Index losses);
  void put(Index t, const typename FusedLoss<S>::Result& result);
  void write(Safetensors& results) const;

 private:
  Tensor<double> output_, losses_, weights_, gamma_, auxiliary_;
};

/// Copy of slice t along the first axis.
template <class T>
Tensor<T> slice(const Tensor<T>& from, Index t) {
  Tensor<T> to(Shape(from.shape().dims().subspan(1)));
  std::copy_n(from.data() + t * to.numel(), to.numel(), to.data());
  return to;
}

}  // namespace dmf
