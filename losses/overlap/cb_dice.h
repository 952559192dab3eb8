#pragma once

#include <string_view>
#include <vector>

#include "engine/core/choice.h"
#include "losses/loss.h"
#include "losses/overlap/mean_dice.h"

namespace dmf {

inline constexpr Named<ClassBalance> kClassBalances[] = {
    {"complement", ClassBalance::complement, "1 - share, eq. (22)"},
    {"inverse_frequency", ClassBalance::inverse_frequency, "1 / share"}};

/// Class-balanced Dice: 1 - sum_c w_c D_c, with D_c the soft Dice of class c (eq. 23) and w_c from
/// the share r_c of the group's pixels that carry its label (eq. 21), normalised to sum 1.
///
/// range   [0, 1]; where all pixels are background the loss is exactly 1 with no gradient
/// source  paper, eq. (21) to (25); the normalisation, without effect for two classes, is ours
struct CbDice {
  MeanDice dice;
  ClassBalance balance = ClassBalance::complement;

  static constexpr std::string_view kName = "cb_dice",
                                    kHelp = "Dice weighed by how rare a class is, eq. (21)-(25)";
  static std::vector<Setting> settings() {
    std::vector<Setting> all = MeanDice::settings();
    all.push_back({"cb-dice-balance",
                   std::string("complement"),
                   help_of(kClassBalances),
                   {},
                   names_of(kClassBalances)});
    return all;
  }
  static CbDice from(const Settings& s) {
    return {MeanDice::from(s),
            entry_named(kClassBalances, s.text("cb-dice-balance"), "cb-dice-balance").value};
  }

  template <class T>
  T operator()(const Counts<T>& n) const {
    return dice(n);
  }
};

}  // namespace dmf
