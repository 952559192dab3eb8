#include "apps/options/objective_options.h"

#include <functional>

#include "apps/options/conventions.h"
#include "apps/support/option_set.h"
#include "dmf/make_rule.h"
#include "losses/formula/loss_expression.h"

namespace dmf {
namespace {

constexpr Nature kOfConfiguration = {.may_vary = false};  // it names one in a grid

/// A check that a text is one of these names or a formula.
///
/// parse  throws ValueError for what is no formula
CLI::Validator name_or_formula(const std::vector<std::string>& names,
                               const std::function<void(const std::string&)>& parse) {
  return CLI::Validator(
      [name = one_of(names), parse](std::string& text) {
        const std::string no_name = name(text);
        if (no_name.empty()) return no_name;
        try {
          parse(text);
          return std::string();
        } catch (const ValueError& problem) {
          constexpr std::string_view kPrefix = "[expression] ";
          const std::string said = problem.what();
          return said.starts_with(kPrefix) && text.find_first_of("+-*/() ") != std::string::npos
                     ? said.substr(kPrefix.size(), said.size() - kPrefix.size() - 1)
                     : no_name;
        }
      },
      fmt::format("{}", fmt::join(names, ", ")));
}

CLI::Validator loss_among(const std::vector<std::string>& names) {
  return name_or_formula(names, [](const std::string& text) { LossExpression::parse(text); });
}

}  // namespace

std::vector<std::string> ObjectiveOptions::base_losses() const {
  std::vector<std::string> names;
  for (const std::string& each : losses) names.push_back(LossExpression::parse(each).name);
  return names;
}

std::vector<std::string> ObjectiveOptions::loss_columns() const {
  std::vector<std::string> names = base_losses();
  if (auxiliary != "none") names.push_back("auxiliary_" + LossExpression::parse(auxiliary).name);
  return names;
}

void ObjectiveOptions::bind_fusion(OptionSet& set) {
  const OptionGroup add(set, "Losses");
  add.value("--weighting", fusion.weighting,
            "One of the following or a formula, as softmax(-slope(window(9))). " +
                help_of(weighting_rules()),
            kOfConfiguration)
      ->check(name_or_formula(names_of(weighting_rules()),
                              [](const std::string& text) { find_rule(weighting_rules(), text); }));
  add.value("--history-size", fusion.history_size, "Values held before the rule takes over")
      ->check(whole_number(1, 1 << 20));
  add.value("--history-size-max", fusion.history_size_max, "Values remembered")
      ->check(whole_number(1, 1 << 20));
  add.list("--initial-weights", fusion.initial_weights, "One a base loss; without, uniform",
           number_in(kAtLeastZero));
  add.value("--weight-averaging", fusion.averaging, "Moving average of the weights, its decay")
      ->check(number_in(kFraction));
  add.value("--weight-max-change", fusion.largest_change, "Of a weight in one step; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add.choice("--weight-scale", fusion.scale, kWeightScales,
             "What the weights sum to: " + help_of(kWeightScales));
  add.choice("--negative-weights", fusion.negative, kNegativeWeights,
             "A rule's weights that are not above 0: " + help_of(kNegativeWeights));
  add_settings(set.app(), "Losses", fusion.rule);
  add.value("--aux-gamma0", fusion.auxiliary.gamma0, "Factor of the auxiliary loss at the start")
      ->check(number_in(kAtLeastZero));
  add.value("--aux-lambda", fusion.auxiliary.lambda, "Its decay: gamma = gamma0 exp(-lambda t)")
      ->check(number_in(kAtLeastZero));
  add.value("--batch-track-steps", fusion.auxiliary.every,
            "Steps for t to advance by one; 0: every step")
      ->check(whole_number(0));
}

void ObjectiveOptions::bind(OptionSet& set) {
  const OptionGroup add(set, "Losses");
  std::vector<std::string> names = names_of(dmf::losses());
  add.list("--losses", losses,
           "Base losses, each one of the following or a formula that counts as one, as "
           "0.5*focal(gamma=1)+tversky or 1-(tp+1)/(n+fp+1). " +
               help_of(dmf::losses()),
           loss_among(names));
  names.emplace_back("none");
  add.value("--auxiliary", auxiliary, "Auxiliary loss: any of these, or none", kOfConfiguration)
      ->check(loss_among(names));
  bind_fusion(set);
  add.value("--convention", convention,
            "Whose overlap the count-based losses are, where options do not say: averages, "
            "background and smoothing")
      ->check(one_of(convention_names()));
  add_settings(set.app(), "Losses", loss);
  add.choice(
      "--gradients-at", gradients_at, kGradientsAt,
      "Of what a rule that compares the losses' gradients, and --record-gradients, take them: " +
          help_of(kGradientsAt));
  add.choice("--reduction", reduction, kReductions, help_of(kReductions));
  add.flag("--soft-labels", soft_labels,
           "Losses compare with the probabilities of masks that are probability maps, not with the "
           "classes that --mask-threshold makes of them; scores keep to the classes");
  bind_ignore_index(set, "Losses");
}

void ObjectiveOptions::bind_ignore_index(OptionSet& set, const std::string& group) {
  OptionGroup(set, group)
      .value("--ignore-index", ignore_index,
             "Value in the masks whose pixels take no part, and their label; -1: none")
      ->check(whole_number(-1, 65535));
}

}  // namespace dmf
