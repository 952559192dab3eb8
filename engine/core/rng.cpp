#include "engine/core/rng.h"

#include <cmath>
#include <numbers>

namespace dmf {

std::uint64_t Rng::next() {
  const std::uint64_t block = position_ / 2;  // one Philox block yields two 64-bit numbers
  const auto bits =
      philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                  static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)},
                 {static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)});
  const std::size_t half = 2 * (position_ % 2);
  ++position_;
  return std::uint64_t{bits[half]} << 32 | bits[half + 1];
}

double Rng::uniform() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

double Rng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));  // 1 - u lies in (0, 1]
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t Rng::below(std::uint64_t bound) {
  const std::uint64_t limit = bound * (UINT64_MAX / bound);  // a multiple of bound: no bias
  std::uint64_t draw = next();
  while (draw >= limit) draw = next();
  return draw % bound;
}

}  // namespace dmf
