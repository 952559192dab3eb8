#pragma once

#include <string_view>
#include <vector>

#include "engine/core/choice.h"
#include "losses/kinds/group_loss.h"
#include "losses/kinds/smoothing.h"

namespace dmf {

inline constexpr Named<ClassBalance> kVolumeWeightings[] = {
    {"inverse_square", ClassBalance::inverse_square_volume, "1 / N^2"},
    {"inverse", ClassBalance::inverse_volume, "1 / N"}};

/// Generalised Dice, one overlap of all classes:
/// 1 - (2 sum_c w_c TP_c + smooth_nr) / (sum_c w_c (2 TP_c + FP_c + FN_c) + smooth_dr),
/// w_c = 1 / N_c^2 or 1 / N_c of the pixels N_c that carry label c, times its class weight; all
/// scaled to sum 1, which changes nothing but what smoothing means. An absent class weighs as the
/// rarest that is there.
///
/// range   [0, 1]
/// source  Sudre et al. 2017, arXiv:1707.03237, section 2.1, by the square; absent classes as MONAI
///         has them
struct GeneralisedDice {
  Smoothing smooth;
  ClassBalance weighting = ClassBalance::inverse_square_volume;

  static constexpr std::string_view kName = "generalised_dice",
                                    kHelp = "one Dice of all classes, weighed by their volumes";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() {
    std::vector<Setting> all = Smoothing::settings();
    all.push_back({"generalised-dice-weighting",
                   std::string("inverse_square"),
                   help_of(kVolumeWeightings),
                   {},
                   names_of(kVolumeWeightings)});
    return all;
  }
  static GeneralisedDice from(const Settings& s) {
    return {Smoothing::from(s), entry_named(kVolumeWeightings, s.text("generalised-dice-weighting"),
                                            "generalised-dice-weighting")
                                    .value};
  }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    return counts_of(weights, classes);
  }
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    const Tensor<S> shares =
        class_shares<S>({weighting, weights.absent}, n.pixels, weights.of_counts(n.classes()));
    const Variable<S> w(shares.section(0, Shape{n.classes()}));
    const Variable<S> both = 2.0 * n.counts.tp;
    return 1.0 - (sum(w * both) + smooth.nr) /
                     (sum(w * (both + (n.counts.fp + n.counts.fn))) + smooth.dr);
  }
};

}  // namespace dmf
