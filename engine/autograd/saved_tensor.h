#pragma once

#include "engine/autograd/variable.h"

namespace dmf {

/// The value of an op's input, saved for its gradient: held, or, where the op that made it can make
/// it again from what it keeps anyway, recomputed when asked for. A U-Net's activations are most of
/// the memory it trains in, and half of them are cheap to make again: those of a batch
/// normalisation from its input.
/// (Rota Bulo et al., "In-place activated BatchNorm for memory-optimized training", CVPR 2018.)
template <class S>
class SavedTensor {
 public:
  explicit SavedTensor(const Variable<S>& saved)
      : shape_(saved.shape()),
        storage_(saved.value().storage()),
        recompute_(saved.recompute()),
        value_(recompute_ ? Tensor<S>() : saved.value()) {}

  const Shape& shape() const { return shape_; }
  Storage storage() const { return storage_; }
  Tensor<S> get() const { return recompute_ ? recompute_() : value_; }

 private:
  Shape shape_;
  Storage storage_;
  Recompute<S> recompute_;
  Tensor<S> value_;
};

}  // namespace dmf
