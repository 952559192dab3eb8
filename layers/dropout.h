#pragma once

#include "engine/ops/dropout.h"
#include "layers/module.h"

namespace dmf {

/// Dropout while training, nothing otherwise. Every forward pass draws a new mask: pass t of the
/// layer with id i uses the stream (i, t) of the seed.
template <class S>
class Dropout final : public Module<S> {
 public:
  Dropout(double rate, std::uint64_t seed, std::uint32_t id, Device device)
      : Module<S>(device), spec_{rate, seed, std::uint64_t{id} << 40} {}

  Variable<S> forward(const Variable<S>& x) override {
    if (!this->training() || spec_.rate == 0.0) return x;
    return dropout(x, DropoutSpec{spec_.rate, spec_.seed, spec_.stream + passes_++});
  }

  bool is_random() const override { return spec_.rate > 0.0; }
  void set_passes(std::uint64_t passes) override { passes_ = passes; }

 private:
  DropoutSpec spec_;
  std::uint64_t passes_ = 0;
};

}  // namespace dmf
