#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <stdexcept>

#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

class RandomWeighting final : public WeightingStrategy {
 public:
  explicit RandomWeighting(std::uint64_t seed) : seed_(seed) {}

  std::string_view name() const override { return "random"; }
  bool needs_memory() const override { return false; }

  std::vector<double> weights(const LossHistory& history, const std::vector<double>&) override {
    // The generator and its seeding are fixed by the C++ standard to the bit,
    // std::normal_distribution is not: the normals come by Box and Muller's formula.
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    std::seed_seq seeds{low(seed_), low(seed_ >> 32), low(draws_), low(draws_ >> 32)};
    std::mt19937_64 generator(seeds);
    const auto uniform = [&generator] {  // in (0, 1]
      return (static_cast<double>(generator() >> 11) + 1.0) * 0x1p-53;
    };
    std::vector<double> normals;
    for (std::size_t k = 0; k < history.losses(); ++k) {
      const double radius = std::sqrt(-2.0 * std::log(uniform()));
      normals.push_back(radius * std::cos(2.0 * std::numbers::pi * uniform()));
    }
    ++draws_;
    const double largest = *std::max_element(normals.begin(), normals.end());
    for (double& value : normals) value = std::exp(value - largest);
    return normalised_to_one(std::move(normals));
  }

  std::vector<double> state() const override { return {static_cast<double>(draws_)}; }

  void load_state(const std::vector<double>& state) override {
    if (state.size() != 1 || !(state[0] >= 0.0 && state[0] < 0x1p53)) {
      throw std::invalid_argument("[dmf] the state of the rule 'random' is one count of draws.");
    }
    draws_ = static_cast<std::uint64_t>(state[0]);
  }

 private:
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_random_weighting(std::uint64_t seed) {
  return std::make_unique<RandomWeighting>(seed);
}

}  // namespace dmf
