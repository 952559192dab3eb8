#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

/// Forward differences of first order: row n - 1 has the n + 1 coefficients of accuracy n.
constexpr std::array<std::array<double, 6>, 5> kDifferences = {{
    {-1.0, 1.0},
    {-3.0 / 2, 2.0, -1.0 / 2},
    {-11.0 / 6, 3.0, -3.0 / 2, 1.0 / 3},
    {-25.0 / 12, 4.0, -3.0, 4.0 / 3, -1.0 / 4},
    {-137.0 / 60, 5.0, -5.0, 10.0 / 3, -5.0 / 4, 1.0 / 5},
}};

enum class Variant : std::uint8_t { original, normalized, loss_weighted };

constexpr Named<Variant> kVariants[] = {
    {"original", Variant::original, "by its rate"},
    {"normalized", Variant::normalized, "by its rate over their sum"},
    {"loss_weighted", Variant::loss_weighted, "by its rate, times its mean"}};

class SoftAdapt final : public WeightingRule {
 public:
  SoftAdapt(Variant variant, double beta, int order)
      : variant_(variant), beta_(beta), order_(static_cast<std::size_t>(order)) {}

  RuleNeeds needs() const override { return {.least_history = order_ + 1}; }

  std::vector<double> weights(const Signals& signals) override {
    const std::size_t n = order_;
    const LossHistory& history = signals.history;
    const auto& coefficients = kDifferences[n - 1];
    std::vector<double> slope, mean;
    for (std::size_t l = 0; l < history.losses(); ++l) {
      const std::vector<double> values = history.of(l);
      const auto latest = values.end() - static_cast<std::ptrdiff_t>(n + 1);
      slope.push_back(std::inner_product(latest, values.end(), coefficients.begin(), 0.0));
      mean.push_back(std::accumulate(latest, values.end(), 0.0) / static_cast<double>(n + 1));
    }
    const double sum = std::accumulate(slope.begin(), slope.end(), 0.0);
    if (variant_ == Variant::normalized && sum != 0.0) {
      for (double& s : slope) s /= sum;
    }
    const double steepest = *std::max_element(slope.begin(), slope.end());
    std::vector<double> w;
    for (std::size_t l = 0; l < slope.size(); ++l) {
      const double e = std::exp(beta_ * (slope[l] - steepest));
      w.push_back(variant_ == Variant::loss_weighted ? e * mean[l] : e);
    }
    constexpr double kEps = 1e-8;  // the authors'
    const double total = std::accumulate(w.begin(), w.end(), 0.0) + kEps;
    for (double& each : w) each /= total;
    return w;
  }

 private:
  Variant variant_;
  double beta_;
  std::size_t order_;
};

}  // namespace

/// SoftAdapt, for comparison: a loss that falls slowest gets most. The rate of change of each loss,
/// by forward differences over order + 1 values, weighs it through a softmax of inverse temperature
/// beta.
///
/// source  Heydari et al., arXiv:1912.12355
RuleEntry softadapt_rule() {
  return {
      "softadapt",
      "a loss that falls slowest gets most",
      {{"softadapt-variant", std::string("original"), help_of(kVariants), {}, names_of(kVariants)},
       {"softadapt-beta", 0.1, "Inverse temperature of its softmax"},
       {"softadapt-order",
        std::int64_t{1},
        "Accuracy of its differences",
        {.least = 1, .most = 5}}},
      [](const RuleContext&, const Settings& s) -> std::unique_ptr<WeightingRule> {
        return std::make_unique<SoftAdapt>(
            entry_named(kVariants, s.text("softadapt-variant"), "softadapt-variant").value,
            s.number("softadapt-beta"), static_cast<int>(s.whole("softadapt-order")));
      }};
}

}  // namespace dmf
