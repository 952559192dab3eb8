#include "dmf/make_rule.h"

#include "dmf/expression_rule.h"

namespace dmf {
namespace {

/// Whether a text would be a rule's name rather than a formula.
bool looks_like_name(std::string_view text) {
  return text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
         std::string_view::npos;
}

}  // namespace

const RuleEntry* find_rule(const std::vector<RuleEntry>& rules, std::string_view weighting) {
  for (const RuleEntry& entry : rules) {
    if (entry.name == weighting) return &entry;
  }
  try {
    expression_rule(weighting, {});
  } catch (const ValueError&) {
    if (looks_like_name(weighting)) return &entry_named(rules, weighting, "dmf");  // throws
    throw;
  }
  return nullptr;
}

std::unique_ptr<WeightingRule> make_rule(const std::vector<RuleEntry>& rules,
                                         std::string_view weighting, const RuleContext& context,
                                         Settings settings) {
  const RuleEntry* entry = find_rule(rules, weighting);
  if (entry == nullptr) return expression_rule(weighting, context);
  settings.add(entry->settings);
  return entry->make(context, settings);
}

std::vector<Setting> settings_of_rule(const std::vector<RuleEntry>& rules,
                                      std::string_view weighting) {
  const RuleEntry* entry = find_rule(rules, weighting);
  return entry == nullptr ? std::vector<Setting>() : entry->settings;
}

}  // namespace dmf
