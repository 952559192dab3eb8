#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// The random numbers of a rule, a batch of them a step: those of a seed, the same on every machine
/// but for the C library's logarithm and cosine, or those that were given, as a reference case does.
/// The number of steps taken is all that a checkpoint need keep.
class Draws {
 public:
  /// given  a step's after another's; empty: the seed's
  Draws(std::uint64_t seed, std::vector<double> given) : seed_(seed), given_(std::move(given)) {}

  /// The next step's: `count` standard normals, given ones as they are.
  ///
  /// throws  ValueError where no more were given
  std::vector<double> normals(std::size_t count);
  /// The next step's: whether an event of this probability happened; a given 1 says yes, a 0 no.
  ///
  /// throws  ValueError for another number, or where no more were given
  bool event(double probability);

  /// The next step's: `count` orders of the numbers below it, all alike in chance; given ones are
  /// these numbers, an order after the other.
  ///
  /// throws  ValueError for what is no order, or where no more were given
  std::vector<std::vector<std::size_t>> orders(std::size_t count);

  std::uint64_t steps() const { return steps_; }
  void set_steps(std::uint64_t steps) { steps_ = steps; }

 private:
  const double* given(std::size_t count) const;

  std::uint64_t seed_;
  std::vector<double> given_;
  std::uint64_t steps_ = 0;
};

}  // namespace dmf
