#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "dmf/weighting_strategy.h"

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

class SoftAdapt final : public WeightingStrategy {
 public:
  explicit SoftAdapt(const SoftAdaptOptions& options) : options_(options) {
    const auto& names = softadapt_variants();
    if (std::find(names.begin(), names.end(), options.variant) == names.end()) {
      throw std::invalid_argument("[dmf] unknown variant '" + options.variant +
                                  "' of softadapt: expected original, normalized or "
                                  "loss_weighted.");
    }
    if (options.order < 1 || options.order > 5 || !std::isfinite(options.beta)) {
      throw std::invalid_argument("[dmf] softadapt order " + std::to_string(options.order) +
                                  ", beta " + std::to_string(options.beta) +
                                  ": expected an order from 1 to 5 and a finite beta.");
    }
  }

  std::string_view name() const override { return "softadapt"; }
  bool needs_memory() const override { return false; }  // of history_size; a few values will do

  std::vector<double> weights(const LossHistory& history,
                              const std::vector<double>& current) override {
    const auto n = static_cast<std::size_t>(options_.order);
    if (history.size() <= n) return current;
    const auto& coefficients = kDifferences[n - 1];
    std::vector<double> slope, mean;
    for (std::size_t l = 0; l < history.losses(); ++l) {
      const std::vector<double> values = history.of(l);
      const auto latest = values.end() - static_cast<std::ptrdiff_t>(n + 1);
      slope.push_back(std::inner_product(latest, values.end(), coefficients.begin(), 0.0));
      mean.push_back(std::accumulate(latest, values.end(), 0.0) / static_cast<double>(n + 1));
    }
    const double sum = std::accumulate(slope.begin(), slope.end(), 0.0);
    if (options_.variant == "normalized" && sum != 0.0) {
      for (double& s : slope) s /= sum;
    }
    const double steepest = *std::max_element(slope.begin(), slope.end());
    std::vector<double> w;
    for (std::size_t l = 0; l < slope.size(); ++l) {
      const double e = std::exp(options_.beta * (slope[l] - steepest));
      w.push_back(options_.variant == "loss_weighted" ? e * mean[l] : e);
    }
    constexpr double kEps = 1e-8;  // the authors'
    const double total = std::accumulate(w.begin(), w.end(), 0.0) + kEps;
    for (double& each : w) each /= total;
    return w;
  }

 private:
  SoftAdaptOptions options_;
};

}  // namespace

const std::vector<std::string>& softadapt_variants() {
  static const std::vector<std::string> names = {"original", "normalized", "loss_weighted"};
  return names;
}

std::unique_ptr<WeightingStrategy> make_softadapt_weighting(const SoftAdaptOptions& options) {
  return std::make_unique<SoftAdapt>(options);
}

}  // namespace dmf
