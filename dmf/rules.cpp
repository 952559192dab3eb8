#include "dmf/rules.h"

namespace dmf {

#define DMF_RULE(name) RuleEntry name##_rule();
#include "dmf/rules.def"
#undef DMF_RULE

const std::vector<RuleEntry>& weighting_rules() {
  static const std::vector<RuleEntry> table = {
#define DMF_RULE(name) name##_rule(),
#include "dmf/rules.def"
#undef DMF_RULE
  };
  return table;
}

Settings rule_settings() {
  return settings_of(weighting_rules());
}

}  // namespace dmf
