#include "losses/cb_dice.h"

#include "engine/core/check.h"
#include "engine/kernels/dispatch.h"
#include "losses/overlap.h"

namespace dmf {

namespace {

template <class S>
class CbDice final : public Loss<S> {
 public:
  explicit CbDice(const CbDiceOptions& options) : options_(options) {}
  std::string_view name() const override { return "cb_dice"; }
  void announce(Prediction<S>& prediction) const override {
    prediction.announce_counts(options_.common.grouping());
  }
  Variable<S> operator()(Prediction<S>& prediction) const override {
    const Grouping grouping = options_.common.grouping();
    const std::vector<double> factors = overlap_weights(options_.common, prediction.classes());
    const SoftCounts<S>& counts = prediction.counts(grouping);  // also checks the labels
    const OverlapSpec dice{2.0, 1.0, 1.0, options_.smooth_nr, options_.smooth_dr};
    return one_minus_weighted_sum(overlap(counts, dice), share(prediction, grouping, factors));
  }

 private:
  /// How much each class of each group counts, from how many pixels carry its label.
  Tensor<S> share(const Prediction<S>& prediction, const Grouping& grouping,
                  const std::vector<double>& factors) const {
    const Tensor<double> pixels = prediction.label_counts(grouping);
    const Device device = pixels.device();
    const auto factor = Tensor<double>::from(factors, Shape{prediction.classes()}, device);
    Tensor<S> share(pixels.shape(), device);
    Tensor<double> weights(pixels.shape(), device);
    DMF_DISPATCH(device, class_balance<S>, options_.balance, pixels.cview(), factor.cview(),
                 share.view(), weights.view());
    return share;
  }

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
