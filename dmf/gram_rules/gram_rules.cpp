#include "dmf/gram_rules/gram_rules.h"

namespace dmf {

#define DMF_RULE(name) RuleEntry name##_rule();
#include "dmf/gram_rules/gram_rules.def"
#undef DMF_RULE

const std::vector<RuleEntry>& gram_rules() {
  static const std::vector<RuleEntry> table = {
#define DMF_RULE(name) name##_rule(),
#include "dmf/gram_rules/gram_rules.def"
#undef DMF_RULE
  };
  return table;
}

}  // namespace dmf
