#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/core/shape.h"

namespace dmf {

/// Philox4x32-10: 128 random bits from a 128-bit counter and a 64-bit key, with no state at all, so
/// that any thread or device can compute element i of a stream without computing the ones before.
///
/// source  Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = kMultiplier0 * counter[0], p1 = kMultiplier1 * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

/// A stream of random numbers. Its whole state is three integers: seed, stream and position.
/// Streams of one seed are independent: give each purpose (split, weights, epoch 7) its own.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  std::uint64_t seed() const { return seed_; }
  std::uint64_t stream() const { return stream_; }
  std::uint64_t position() const { return position_; }

  std::uint64_t next();  // 64 uniform bits
  /// return  uniform in [0, 1), 53 bits
  double uniform();
  double uniform(double lo, double hi) { return lo + (hi - lo) * uniform(); }
  /// return  standard normal (Box-Muller, one draw of two uniforms)
  double normal();
  /// return  uniform integer in [0, bound), without bias; bound > 0
  std::uint64_t below(std::uint64_t bound);
  bool coin() { return (next() & 1u) != 0; }

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
    }
  }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t position_ = 0;
};

}  // namespace dmf
