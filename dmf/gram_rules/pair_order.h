#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dmf/draws.h"
#include "dmf/weighting_rule.h"

namespace dmf {

/// In which order a rule that goes from one loss to the next has each of them meet the others: in the
/// losses' own, which makes weights depend on it, or in one that is drawn anew for each at every step,
/// as the authors of pcgrad and gradvac do.
class PairOrder {
 public:
  /// order  "given" or "random"
  PairOrder(const RuleContext& context, const std::string& order)
      : is_drawn_(order == "random"), draws_(context.seed, context.draws) {}

  /// "RULE-order"
  static Setting setting(const std::string& rule) {
    return {rule + "-order",
            "given",
            "In which a loss meets the others: given, that of --losses, or random, drawn anew",
            {},
            {"given", "random"}};
  }

  /// The next step's: of each loss the numbers of all, its own somewhere among them.
  std::vector<std::vector<std::size_t>> next(std::size_t losses) {
    if (is_drawn_) return draws_.orders(losses);
    std::vector<std::size_t> own(losses);
    for (std::size_t k = 0; k < losses; ++k) own[k] = k;
    return {losses, own};
  }

  /// The numbers that a rule's state ends with: how often was drawn, or none.
  std::vector<double> state() const {
    return is_drawn_ ? std::vector<double>{static_cast<double>(draws_.steps())}
                     : std::vector<double>();
  }
  std::size_t state_size() const { return is_drawn_ ? 1 : 0; }
  /// throws  ValueError for a number that counts nothing
  void load_state(const std::vector<double>& state, std::string_view rule) {
    if (is_drawn_) draws_.set_steps(count_of(state.back(), rule, "a count of draws at its end"));
  }

 private:
  bool is_drawn_;
  Draws draws_;
};

}  // namespace dmf
