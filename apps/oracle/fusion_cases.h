#pragma once

#include <algorithm>

#include "apps/oracle/reference_case.h"
#include "dmf/fused_loss.h"

namespace dmf {

/// The complete loss that a case's attributes describe.
FusedLoss<double> fused_loss_of(const ReferenceCase& c);

/// Results of consecutive steps of a fused loss.
class FusionTrace {
 public:
  FusionTrace(Index steps, Index losses);
  void put(Index t, const FusedLoss<double>::Result& result);
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
