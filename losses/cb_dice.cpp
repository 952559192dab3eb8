#include "losses/cb_dice.h"

#include <algorithm>
#include <numeric>

#include "engine/core/check.h"
#include "losses/overlap.h"

namespace dmf {

std::vector<double> class_balance_weights(const std::vector<double>& pixels, ClassBalance balance) {
  const double total = std::accumulate(pixels.begin(), pixels.end(), 0.0);
  const bool any_absent = std::count(pixels.begin(), pixels.end(), 0.0) > 0;
  std::vector<double> weights;
  for (const double count : pixels) {
    if (balance == ClassBalance::complement) {
      weights.push_back(total > 0.0 ? 1.0 - count / total : 1.0);
    } else if (any_absent) {
      weights.push_back(count == 0.0 ? 1.0 : 0.0);
    } else {
      weights.push_back(total / count);
    }
  }
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& w : weights) w /= sum;
  return weights;
}

namespace {

template <class S>
class CbDice final : public Loss<S> {
 public:
  explicit CbDice(const CbDiceOptions& options) : options_(options) {}
  std::string_view name() const override { return "cb_dice"; }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    const SoftConfusionSpec spec{options_.common.ignore_index, options_.common.per_image};
    const std::vector<double> factors = class_weights(options_.common, prediction.classes());
    const SoftCounts<S>& counts = prediction.counts(spec);  // also checks the labels
    std::vector<std::vector<double>> weights = prediction.label_counts(spec);
    for (std::vector<double>& group : weights) {
      group = class_balance_weights(group, options_.balance);
      for (std::size_t c = 0; c < group.size(); ++c) group[c] *= factors[c];
    }
    const OverlapSpec dice{2.0, 1.0, 1.0, options_.smooth_nr, options_.smooth_dr};
    return one_minus_weighted_mean(overlap(counts, dice), weights);
  }

 private:
  CbDiceOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Loss<S>> make_cb_dice(const CbDiceOptions& options) {
  DMF_CHECK(options.smooth_nr >= 0.0 && options.smooth_dr >= 0.0, ValueError,
            "[cb_dice] smoothing {} / {}: expected >= 0.", options.smooth_nr, options.smooth_dr);
  return std::make_unique<CbDice<S>>(options);
}

template std::unique_ptr<Loss<float>> make_cb_dice(const CbDiceOptions&);
template std::unique_ptr<Loss<double>> make_cb_dice(const CbDiceOptions&);

}  // namespace dmf
