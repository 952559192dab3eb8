#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/pixel_loss.h"
#include "losses/kinds/smoothing.h"

namespace dmf {

/// Dice with squares below the line, averaged over classes:
/// 1 - (1/C) sum_c (2 TP_c + smooth_nr) / (sum_i p_ic^2 + N_c + smooth_dr), N_c the pixels of label c
///
/// range   [0, 1]; a class absent from the labels contributes 0 to the mean and no gradient, unless
///         smooth_nr is above 0
/// source  Milletari et al. 2016, arXiv:1606.04797, section 3
struct SquaredDice {
  Smoothing smooth;

  static constexpr std::string_view kName = "squared_dice",
                                    kHelp = "Dice with squares in its denominator";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() { return Smoothing::settings(); }
  static SquaredDice from(const Settings& s) { return {Smoothing::from(s)}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_counts(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> shares = shares_of(weights.of_counts(x.classes()));
    const Variable<S> overlap = x.one_hot() * x.probs, squares = x.probs * x.probs;
    Variable<S> score;
    for (Index k = 0; k < x.classes(); ++k) {
      const Variable<S> of_class = x.map([k](Index, Index c) { return c == k ? 1.0 : 0.0; });
      const double own = x.total([k](Index, Index label) { return label == k ? 1.0 : 0.0; });
      const Variable<S> dice = (2.0 * sum(of_class * overlap) + smooth.nr) /
                               (sum(of_class * squares) + (own + smooth.dr));
      const Variable<S> part = shares[static_cast<std::size_t>(k)] * dice;
      score = score.defined() ? score + part : part;
    }
    return 1.0 - score;
  }
};

}  // namespace dmf
