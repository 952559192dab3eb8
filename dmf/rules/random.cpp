#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

class Random final : public WeightingRule {
 public:
  explicit Random(std::uint64_t seed) : seed_(seed) {}

  RuleNeeds needs() const override { return {}; }

  std::vector<double> weights(const Signals& signals) override {
    // The generator and its seeding are fixed by the C++ standard to the bit,
    // std::normal_distribution is not: the normals come by Box and Muller's formula.
    const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
    std::seed_seq seeds{low(seed_), low(seed_ >> 32), low(draws_), low(draws_ >> 32)};
    std::mt19937_64 generator(seeds);
    const auto uniform = [&generator] {  // in (0, 1]
      return (static_cast<double>(generator() >> 11) + 1.0) * 0x1p-53;
    };
    std::vector<double> normals;
    for (std::size_t k = 0; k < signals.history.losses(); ++k) {
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
      throw ValueError("[dmf] the state of the rule 'random' is one count of draws.");
    }
    draws_ = static_cast<std::uint64_t>(state[0]);
  }

 private:
  std::uint64_t seed_;
  std::uint64_t draws_ = 0;
};

}  // namespace

/// The softmax of standard normals, drawn anew every step: a control that tells a rule's merit from
/// that of weights which merely move. A checkpoint keeps the number of draws; the same seed and
/// number give the same weights.
///
/// source  Lin et al., "Reasonable Effectiveness of Random Weighting", arXiv:2111.10603
RuleEntry random_rule() {
  return {"random",
          "drawn anew every step: a control",
          {},
          [](const RuleContext& context, const Settings&) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Random>(context.seed);
          }};
}

}  // namespace dmf
