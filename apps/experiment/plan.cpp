#include "apps/experiment/plan.h"

#include <regex>
#include <set>
#include <sstream>

#include "apps/options/config_file.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/make_rule.h"
#include "engine/core/check.h"
#include "losses/formula/loss_expression.h"

namespace dmf {
namespace {

using Changes = std::vector<std::pair<std::string, std::string>>;

/// A configuration of the grid: what it is called and what it changes.
struct Configuration {
  std::string name;
  Changes changes;
};

bool is_weighting(const std::string& text) {
  try {
    find_rule(weighting_rules(), text);
    return true;
  } catch (const ValueError&) {
    return false;
  }
}
bool is_loss(const std::string& text) {
  try {
    LossExpression::parse(text);
    return true;
  } catch (const ValueError&) {
    return false;
  }
}

/// A formula may have a plus of its own: the first that makes sense of both its sides is the one before
/// the auxiliary loss. Of what makes none the first, so that the error tells of it.
Configuration base_rule(const std::string& text) {
  const std::size_t first = is_weighting(text) ? std::string::npos : text.find('+');
  std::size_t plus = first;
  while (plus != std::string::npos &&
         !(is_weighting(text.substr(0, plus)) && is_loss(text.substr(plus + 1)))) {
    plus = text.find('+', plus + 1);
  }
  if (plus == std::string::npos) plus = first;
  const std::string auxiliary = plus == std::string::npos ? "none" : text.substr(plus + 1);
  return {text, {{"weighting", text.substr(0, plus)}, {"auxiliary", auxiliary}}};
}

/// throws  ValueError naming the option of experiment's that would change what no grid may
void require_may_vary(const std::string& key, std::string_view option) {
  DMF_CHECK(key != "recipe", ValueError,
            "[experiment] {} cannot change 'recipe', which names many options: change these, or "
            "make two grids.",
            option);
  const Nature& nature = nature_of(key);
  const bool bears_on_result =
      nature.bears_on == BearsOn::result || nature.bears_on == BearsOn::place;
  DMF_CHECK(nature.may_vary || bears_on_result, ValueError,
            "[experiment] {} cannot change '{}': runs that differ in it alone are of one "
            "configuration.",
            option, key);
  DMF_CHECK(nature.may_vary, ValueError,
            "[experiment] {} cannot change '{}': see --configurations, --repeats and --data.",
            option, key);
}

void change(Configuration& configuration, const std::string& key, const std::string& value) {
  configuration.name += fmt::format(",{}={}", key, value);
  configuration.changes.emplace_back(key, value);
}

/// Every configuration with every value of one more option.
std::vector<Configuration> crossed(const std::vector<Configuration>& with,
                                   const std::string& axis) {
  const std::size_t equals = axis.find('=');
  std::vector<std::string> values;
  if (equals != std::string::npos) {
    std::istringstream words(axis.substr(equals + 1));
    for (std::string word; words >> word;) values.push_back(word);
  }
  DMF_CHECK(!values.empty(), ValueError, "[experiment] --vary '{}': expected KEY=VALUE VALUE ....",
            axis);
  const std::string key = axis.substr(0, equals);
  require_may_vary(key, "--vary");
  std::vector<Configuration> all;
  for (const Configuration& configuration : with) {
    for (const std::string& value : values) {
      all.push_back(configuration);
      change(all.back(), key, value);
    }
  }
  return all;
}

/// The configuration with other values of some options, "KEY=VALUE; KEY=VALUE".
Configuration changed(Configuration configuration, const std::string& changes) {
  std::istringstream parts(changes);
  for (std::string part; std::getline(parts, part, ';');) {
    static const std::regex form(R"(\s*([\w-]+)\s*=\s*(.*\S)\s*)");
    std::smatch match;
    DMF_CHECK(std::regex_match(part, match, form), ValueError,
              "[experiment] --ablate '{}': expected KEY=VALUE, or several with ; between them.",
              changes);
    require_may_vary(match[1], "--ablate");
    change(configuration, match[1], match[2]);
  }
  return configuration;
}

}  // namespace

std::vector<std::string> PlanOptions::default_configurations() {
  std::vector<std::string> all;
  for (const char* weighting : {"variance", "mad", "bayesian", "fixed", "random"}) {
    for (const char* auxiliary : {"", "+tversky", "+focal", "+cb_dice"}) {
      all.push_back(std::string(weighting) + auxiliary);
    }
  }
  return all;
}

std::string configuration_name(const TrainOptions& options) {
  return options.fusion.weighting + (options.auxiliary == "none" ? "" : "+" + options.auxiliary);
}

std::vector<PlannedRun> plan_runs(const std::string& config, const PlanOptions& plan) {
  std::vector<Configuration> configurations;
  for (const std::string& text : plan.configurations) configurations.push_back(base_rule(text));
  if (!configurations.empty()) {
    const Configuration whole = configurations.front();
    for (const std::string& changes : plan.ablate)
      configurations.push_back(changed(whole, changes));
  }
  for (const std::string& axis : plan.vary) configurations = crossed(configurations, axis);
  DMF_CHECK(!configurations.empty() && plan.repeats >= 1, ValueError,
            "[experiment] the grid is empty: {} configurations, {} repetitions.",
            configurations.size(), plan.repeats);
  std::set<std::string> names;
  for (const Configuration& each : configurations) {
    DMF_CHECK(names.insert(each.name).second, ValueError,
              "[experiment] the configuration '{}' is given twice.", each.name);
  }
  const TrainOptions shared = parse_config(with_options(config, {}), "the grid's options");
  std::vector<PlannedRun> runs;
  for (int repetition = 1; repetition <= plan.repeats; ++repetition) {
    for (const Configuration& each : configurations) {
      Changes changes = each.changes;
      changes.emplace_back(
          "seed", fmt::format("{}", shared.seed + static_cast<std::uint64_t>(repetition) - 1));
      if (shared.split.folds > 0) {  // one after the other; then over again with another partition
        const int round = (repetition - 1) / shared.split.folds,
                  fold = (repetition - 1) % shared.split.folds;
        changes.emplace_back("fold", fmt::format("{}", fold + 1));
        changes.emplace_back("split-seed",
                             fmt::format("{}", shared.seed + static_cast<std::uint64_t>(round)));
      } else if (!shared.split.folds_file.empty()) {
        changes.emplace_back("fold", fmt::format("{}", repetition));
      }
      const std::string text = with_options(config, changes);
      parse_config(text, each.name);
      runs.push_back({each.name, repetition, text});
    }
  }
  return runs;
}

}  // namespace dmf
