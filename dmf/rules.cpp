#include "dmf/rules.h"

namespace dmf {

// A line a rule: each stands in the file of its name.
#define DMF_RULES(rule)                                                            \
  rule(variance) rule(mad) rule(bayesian) rule(fixed) rule(random) rule(softadapt) \
      rule(cov_weighting)

#define DMF_DECLARE(name) RuleEntry name##_rule();
DMF_RULES(DMF_DECLARE)
#undef DMF_DECLARE

const std::vector<RuleEntry>& weighting_rules() {
#define DMF_ENTRY(name) name##_rule(),
  static const std::vector<RuleEntry> table = {DMF_RULES(DMF_ENTRY)};
#undef DMF_ENTRY
  return table;
}

Settings rule_settings() {
  Settings settings;
  for (const RuleEntry& rule : weighting_rules()) settings.add(rule.settings);
  return settings;
}

}  // namespace dmf
