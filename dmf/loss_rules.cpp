#include "dmf/loss_rules.h"

namespace dmf {

#define DMF_RULE(name) RuleEntry name##_rule();
#include "dmf/loss_rules.def"
#undef DMF_RULE

const std::vector<RuleEntry>& loss_rules() {
  static const std::vector<RuleEntry> table = {
#define DMF_RULE(name) name##_rule(),
#include "dmf/loss_rules.def"
#undef DMF_RULE
  };
  return table;
}

}  // namespace dmf
