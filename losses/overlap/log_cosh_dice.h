#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/group_loss.h"
#include "losses/overlap/mean_dice.h"

namespace dmf {

/// log(cosh(L)) of the Dice loss L of mean_dice: quadratic where L is small.
///
/// range   [0, log(cosh(1))], which is 0.434
/// source  Jadon 2020, arXiv:2006.14822, section II.J
struct LogCoshDice {
  MeanDice dice;

  static constexpr std::string_view kName = "log_cosh_dice",
                                    kHelp = "log(cosh(.)) of the loss mean_dice";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() { return MeanDice::settings(); }
  static LogCoshDice from(const Settings& s) { return {MeanDice::from(s)}; }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    return counts_of(weights, classes);
  }
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    const Variable<S> shares = n.row(shares_of(weights.of_counts(n.classes())));
    const Variable<S> loss = 1.0 - sum(dice(n.counts) * shares);
    return log(0.5 * (exp(loss) + exp(-1.0 * loss)));
  }
};

}  // namespace dmf
