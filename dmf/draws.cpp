#include "dmf/draws.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "engine/core/errors.h"

namespace dmf {
namespace {

/// The generator of one step. It and its seeding are fixed by the C++ standard to the bit; the
/// standard's distributions are not.
class Uniform {
 public:
  Uniform(std::uint64_t seed, std::uint64_t step) {
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    std::seed_seq seeds{low(seed), low(seed >> 32), low(step), low(step >> 32)};
    generator_.seed(seeds);
  }
  double operator()() {  // in (0, 1]
    return (static_cast<double>(generator_() >> 11) + 1.0) * 0x1p-53;
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace

const double* Draws::given(std::size_t count) const {
  if (given_.empty()) return nullptr;
  if ((steps_ + 1) * count > given_.size()) {
    throw ValueError("[dmf] " + std::to_string(given_.size()) +
                     " draws were given: the rule takes " + std::to_string(count) +
                     " a step, and this is step " + std::to_string(steps_) + ".");
  }
  return given_.data() + steps_ * count;
}

std::vector<double> Draws::normals(std::size_t count) {
  std::vector<double> normals;
  if (const double* given = this->given(count)) {
    normals.assign(given, given + count);
  } else {
    Uniform uniform(seed_, steps_);
    for (std::size_t k = 0; k < count; ++k) {  // by Box and Muller's formula
      const double radius = std::sqrt(-2.0 * std::log(uniform()));
      normals.push_back(radius * std::cos(2.0 * std::numbers::pi * uniform()));
    }
  }
  ++steps_;
  return normals;
}

bool Draws::event(double probability) {
  bool happened = false;
  if (const double* given = this->given(1)) {
    if (*given != 0.0 && *given != 1.0) {
      throw ValueError("[dmf] the draw of step " + std::to_string(steps_) + " is " +
                       std::to_string(*given) + ": expected 0 or 1.");
    }
    happened = *given == 1.0;
  } else {
    Uniform uniform(seed_, steps_);
    happened = uniform() <= probability;
  }
  ++steps_;
  return happened;
}

std::vector<std::vector<std::size_t>> Draws::orders(std::size_t count) {
  std::vector<std::vector<std::size_t>> orders(count);
  const double* given = this->given(count * count);
  Uniform uniform(seed_, steps_);
  for (std::vector<std::size_t>& order : orders) {
    for (std::size_t k = 0; k < count; ++k) order.push_back(k);
    if (given != nullptr) {
      const std::vector<double> wanted(given, given + count);
      given += count;
      if (!std::is_permutation(order.begin(), order.end(), wanted.begin())) {
        throw ValueError("[dmf] the draws of step " + std::to_string(steps_) +
                         " are no order: expected each number below " + std::to_string(count) +
                         " once.");
      }
      order.assign(wanted.begin(), wanted.end());
      continue;
    }
    for (std::size_t left = count; left > 1; --left) {  // Fisher and Yates's shuffle
      const auto other = static_cast<std::size_t>((1.0 - uniform()) * static_cast<double>(left));
      std::swap(order[left - 1], order[other]);
    }
  }
  ++steps_;
  return orders;
}

}  // namespace dmf
