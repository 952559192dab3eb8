#pragma once

#include <cmath>
#include <cstdint>

namespace dmf {

/// Factor of the auxiliary loss, equation (2): gamma = gamma0 * exp(-lambda * t). t is 0 at the
/// first training step and advances by one every `every` steps (0: every step).
struct AuxiliarySchedule {
  double gamma0 = 5.0;
  double lambda = 0.05;
  std::int64_t every = 100;

  std::int64_t time(std::int64_t step) const { return step / (every > 0 ? every : 1); }
  double gamma(std::int64_t step) const {
    return gamma0 * std::exp(-lambda * static_cast<double>(time(step)));
  }
};

}  // namespace dmf
