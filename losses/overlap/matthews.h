#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/group_loss.h"
#include "losses/kinds/smoothing.h"

namespace dmf {

/// Matthews correlation of each class against all others, averaged over classes: 1 - (1/C) sum_c
///   (TP TN - FP FN + smooth_nr) / (sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)) + smooth_dr)
///
/// range   [0, 2]; 1 where a prediction says nothing of the labels
/// source  Abhishek & Hamarneh 2021, arXiv:2010.13454, equations 4 and 6, of two classes
struct Matthews {
  Smoothing smooth;

  static constexpr std::string_view kName = "mcc",
                                    kHelp = "1 - Matthews correlation of all classes";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() { return Smoothing::settings(); }
  static Matthews from(const Settings& s) { return {Smoothing::from(s)}; }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    return counts_of(weights, classes);
  }
  // Two roots of two factors each: the product of four would overflow a float. Rounding can take TN
  // below 0, where there is no root.
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    const auto& [tp, fp, fn] = n.counts;
    const Variable<S> own = n.of_label(), others = n.of_others();
    const Variable<S> tn = relu(others - fp);
    const Variable<S> below = sqrt(own * (tp + fp)) * sqrt(others * (tn + fn));
    const Variable<S> score = (tp * tn - fp * fn + smooth.nr) / (below + smooth.dr);
    return 1.0 - sum(score * n.row(shares_of(weights.of_counts(n.classes()))));
  }
};

}  // namespace dmf
