#pragma once

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
  void put(Index t, const Variable<S>& total, const StepWeights& weights);
  void write(Safetensors& results) const;

 private:
  Tensor<double> output_, losses_, weights_, gamma_, auxiliary_;
};

}  // namespace dmf
