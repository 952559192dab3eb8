#include "apps/options/objective_options.h"

#include "apps/options/conventions.h"
#include "apps/support/option_set.h"

namespace dmf {
namespace {

constexpr Nature kOfConfiguration = {.may_vary = false};  // it names one in a grid

/// A check that a text is one of these names or a sum of losses.
CLI::Validator loss_among(const std::vector<std::string>& names) {
  return CLI::Validator(
      [names, name = one_of(names)](std::string& text) {
        if (text.find_first_of("+*") == std::string::npos) return name(text);
        try {
          LossExpression::parse(text);
        } catch (const ValueError& problem) {
          return std::string(problem.what()).substr(std::string_view("[loss] ").size());
        }
        return std::string();
      },
      fmt::format("{}", fmt::join(names, ", ")));
}

}  // namespace

void ObjectiveOptions::bind_fusion(OptionSet& set) {
  const OptionGroup add(set, "Losses");
  add.value("--weighting", fusion.weighting, help_of(weighting_rules()), kOfConfiguration)
      ->check(one_of(names_of(weighting_rules())));
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
           "Base losses, each one of the following or a sum that counts as one, as "
           "0.5*focal+0.5*tversky. " +
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
  add.choice("--reduction", reduction, kReductions, help_of(kReductions));
  bind_ignore_index(set, "Losses");
}

void ObjectiveOptions::bind_ignore_index(OptionSet& set, const std::string& group) {
  OptionGroup(set, group)
      .value("--ignore-index", ignore_index,
             "Value in the masks whose pixels take no part, and their label; -1: none")
      ->check(whole_number(-1, 65535));
}

}  // namespace dmf
