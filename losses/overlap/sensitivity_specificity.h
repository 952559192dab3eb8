#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/group_loss.h"

namespace dmf {

/// What is missed of each class and of all others, averaged over classes:
/// (1/C) sum_c (ratio FN_c / (TP_c + FN_c) + (1 - ratio) FP_c / (FP_c + TN_c)),
/// 1 - sensitivity and 1 - specificity; a part without pixels is 0. What one of two classes misses
/// the other invents: there the ratio matters without the background alone.
///
/// range   [0, 1]
/// source  Brosch et al. 2015 (MICCAI, LNCS 9351, p. 3), with their ratio; their errors are squared
///         pixel by pixel, these are the soft counts
struct SensitivitySpecificity {
  double ratio = 0.05;

  static constexpr std::string_view kName = "sensitivity_specificity",
                                    kHelp = "missed shares of each class and of all others";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() {
    return {{"sensitivity-specificity-ratio", SensitivitySpecificity().ratio,
             "What sensitivity counts; specificity the rest", kUnit}};
  }
  static SensitivitySpecificity from(const Settings& s) {
    return {s.number("sensitivity-specificity-ratio")};
  }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    return counts_of(weights, classes);
  }
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    const Variable<S> missed = n.counts.fn / (n.of_label() + kNone),
                      invented = n.counts.fp / (n.of_others() + kNone);
    const Variable<S> loss = ratio * missed + (1.0 - ratio) * invented;
    return sum(loss * n.row(shares_of(weights.of_counts(n.classes()))));
  }

 private:
  static constexpr double kNone = 1e-30;  // beside a pixel nothing; without one 0 / kNone is 0
};

}  // namespace dmf
