#include "dmf/gram_rules/weighting_rules.h"

#include "dmf/gram_rules/gram_rules.h"
#include "dmf/loss_rules.h"

namespace dmf {

const std::vector<RuleEntry>& weighting_rules() {
  static const std::vector<RuleEntry> table = [] {
    std::vector<RuleEntry> all = loss_rules();
    all.insert(all.end(), gram_rules().begin(), gram_rules().end());
    return all;
  }();
  return table;
}

Settings rule_settings() {
  return settings_of(weighting_rules());
}

}  // namespace dmf
