#include "apps/options/option_conflicts.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "apps/options/config_file.h"
#include "apps/support/program.h"
#include "dmf/make_rule.h"
#include "losses/formula/loss_expression.h"

namespace dmf {
namespace {

/// Options that are idle, and why.
struct Idle {
  bool is_so;
  std::vector<std::string> options;
  std::string reason;
};

/// A run's base losses and its auxiliary one.
std::vector<LossExpression> used_losses(const TrainOptions& o) {
  std::vector<LossExpression> used;
  for (const std::string& loss : o.losses) used.push_back(LossExpression::parse(loss));
  if (o.auxiliary != "none") used.push_back(LossExpression::parse(o.auxiliary));
  return used;
}

/// Whether a loss that `has` it reads a setting from its option, and not from its own parentheses.
template <class Has>
bool reads(const LossExpression& loss, const std::string& setting, const Has& has) {
  return std::any_of(loss.uses.begin(), loss.uses.end(), [&](const LossExpression::Use& use) {
    return has(*use.loss) && std::find(use.own.begin(), use.own.end(), setting) == use.own.end();
  });
}

/// Settings of losses that the run has not.
std::vector<Idle> idle_loss_settings(const TrainOptions& o) {
  const std::vector<LossExpression> used = used_losses(o);
  std::vector<std::pair<std::string, std::vector<std::string>>> readers;  // of each setting
  for (const LossEntry& loss : losses()) {
    for (const Setting& setting : loss.settings) {
      const auto found = std::find_if(readers.begin(), readers.end(), [&](const auto& reader) {
        return reader.first == setting.name;
      });
      auto& losses =
          found == readers.end() ? readers.emplace_back(setting.name, 0).second : found->second;
      losses.emplace_back(loss.name);
    }
  }
  const bool counts = std::any_of(used.begin(), used.end(), [](const LossExpression& loss) {
    return loss.reads_sums || reads(loss, "exclude-background",
                                    [](const LossEntry& entry) { return entry.on_counts; });
  });
  std::vector<Idle> idle = {
      {!counts, {"exclude-background"}, "without a loss that counts pixels of classes"}};
  for (const auto& reader : readers) {
    const std::vector<std::string>& losses = reader.second;
    const auto has = [&losses](const LossEntry& entry) {
      return std::find(losses.begin(), losses.end(), entry.name) != losses.end();
    };
    const bool read = std::any_of(used.begin(), used.end(), [&](const LossExpression& loss) {
      return reads(loss, reader.first, has);
    });
    idle.push_back({!read,
                    {reader.first},
                    losses.size() == 1
                        ? "without the loss " + losses.front()
                        : fmt::format("without one of the losses {}", fmt::join(losses, ", "))});
  }
  return idle;
}

/// Whether the rule looks at the losses' values.
bool reads_history(const TrainOptions& o) {
  const RuleNeeds needs = needs_of_rule(o);
  return needs.full_history || needs.least_history > 0;
}

std::vector<Idle> idle_options(const TrainOptions& o, std::int64_t steps) {
  const bool divided = o.split.from_file();
  const double horizon = o.ema > 0.0 && o.swa == 0 ? 1.0 / (1.0 - o.ema) : 0.0;
  const std::vector<Setting>& of_network = entry_named(networks(), o.model, "model").settings;
  const bool has_norms = Settings(of_network).knows("norm");
  const std::string& norm = o.network_settings.text("norm");
  std::vector<Idle> idle = {
      {!o.where.has_precision(), {"precision"}, kCpuPrecision},
      {o.schedule == LearningRate::Shape::constant,
       {"final-lr-fraction"},
       "with --schedule constant"},
      {horizon > static_cast<double>(steps),
       {"ema"},
       fmt::format("that it should have: it averages over {:.0f} steps, and the run has {}",
                   horizon, steps)},
      {o.swa > 0, {"ema"}, "with --swa"},
      {o.updates > 0, {"epochs"}, "where --updates says how many steps there are"},
      {!o.data.preprocess.bilateral,
       {"bilateral-d", "bilateral-sigma-space", "bilateral-sigma-range", "bilateral-square"},
       "without --bilateral"},
      {!o.data.preprocess.clahe, {"clahe-clip", "clahe-tiles"}, "without --clahe"},
      {o.split.folds == 0 && o.split.folds_file.empty(),
       {"validation-share"},
       "without --folds or --folds-file"},
      {divided, {"split", "split-seed"}, "where a file says how the data are divided"},
      {divided || o.split.rule != SplitRule{.grouped = true},
       {"duplicate-threshold"},
       "without --split grouped"},
      {!needs_of_rule(o).gradients && !o.record_gradients,
       {"gradients-at"},
       "with --weighting " + o.fusion.weighting + ", without --record-gradients"},
      {!reads_history(o),
       {"history-size", "history-size-max"},
       "with --weighting " + o.fusion.weighting},
      {has_norms && norm != "group", {"norm-groups"}, "without --norm group"},
      {has_norms && norm != "batch", {"bn-momentum"}, "with --norm " + norm},
      {o.auxiliary == "none",
       {"aux-gamma0", "aux-lambda", "batch-track-steps"},
       "without --auxiliary"},
  };
  const auto add_others = [&idle](const Settings& all, const std::vector<Setting>& used,
                                  const std::string& reason) {
    const Settings own(used);
    for (const Setting& setting : all.all()) {
      idle.push_back({!own.knows(setting.name), {setting.name}, reason});
    }
  };
  add_others(o.network_settings, of_network, "with --model " + o.model);
  add_others(o.optimizer_settings, entry_named(optimizers(), o.optimizer, "optimizer").settings,
             "with --optimizer " + o.optimizer);
  add_others(o.fusion.rule, settings_of_rule(weighting_rules(), o.fusion.weighting),
             "with --weighting " + o.fusion.weighting);
  const std::vector<Idle> of_losses = idle_loss_settings(o);
  idle.insert(idle.end(), of_losses.begin(), of_losses.end());
  return idle;
}

/// Options that probabilities of two classes leave no room for.
void refuse_soft_labels_of(const TrainOptions& o) {
  if (!o.soft_labels) return;
  if (o.ignore_index != kNoIgnore) {
    throw CLI::ValidationError("--soft-labels",
                               fmt::format("got --ignore-index {}, expected none: a pixel has "
                                           "probabilities or takes no part",
                                           o.ignore_index));
  }
  if (o.data.masks.classes > 2) {
    throw CLI::ValidationError(
        "--soft-labels", fmt::format("got --num-classes {}, expected 2: a probability map has a "
                                     "lesion's probability alone",
                                     o.data.masks.classes));
  }
}

}  // namespace

RuleNeeds needs_of_rule(const TrainOptions& o) {
  const std::vector<double> weights(o.losses.size(), 1.0 / static_cast<double>(o.losses.size()));
  return make_rule(weighting_rules(), o.fusion.weighting, {weights}, o.fusion.rule)->needs();
}

void refuse_contradictions(const TrainOptions& o) {
  std::set<std::string> losses;  // by their names, which are columns: blanks make no other
  for (const std::string& name : o.base_losses()) {
    if (!losses.insert(name).second) {
      throw CLI::ValidationError("--losses", fmt::format("{} is given twice", name));
    }
  }
  if (o.swa > 0 && o.early_stop > 0) {
    throw CLI::ValidationError(fmt::format(
        "--swa {} averages the last epochs, to which --early-stop {} may not come: give "
        "one of them",
        o.swa, o.early_stop));
  }
  refuse_soft_labels_of(o);
  std::vector<std::string> dividing;
  if (o.split.folds > 0) dividing.emplace_back("--folds");
  if (!o.split.folds_file.empty()) dividing.emplace_back("--folds-file");
  if (!o.split.split_file.empty()) dividing.emplace_back("--split-file");
  if (dividing.size() > 1) {
    throw CLI::ValidationError(fmt::format("{} each say how the data are divided: give one of them",
                                           fmt::join(dividing, " and ")));
  }
  const bool fold_given = o.on_command_line.contains("--fold") || o.split.fold != 1;
  if (fold_given && o.split.folds == 0 && o.split.folds_file.empty()) {
    throw CLI::ValidationError(fmt::format(
        "--fold {} has no folds to choose from: give --folds or --folds-file", o.split.fold));
  }
  if (o.split.set_aside > 0 && o.split.folds == 0 && o.split.folds_file.empty()) {
    throw CLI::ValidationError(
        fmt::format("--set-aside {} has no folds to choose from: give --folds or --folds-file",
                    o.split.set_aside));
  }
  if (o.split.set_aside > 0 && o.split.set_aside == o.split.fold) {
    throw CLI::ValidationError(
        fmt::format("--set-aside {0}: --fold {0} tests, so that it cannot be set aside too",
                    o.split.set_aside));
  }
  if (o.split.folds == 1 || o.split.folds == 2) {
    throw CLI::ValidationError("--folds", fmt::format("got '{}', expected at least 3: one tests, "
                                                      "one validates, the others train",
                                                      o.split.folds));
  }
  if (o.split.folds > 0 && o.split.fold > o.split.folds) {
    throw CLI::ValidationError(
        "--fold",
        fmt::format("got '{}', expected a whole number from 1 to {}", o.split.fold, o.split.folds));
  }
}

std::vector<std::string> without_effect(const CLI::App& app, const TrainOptions& o,
                                        std::int64_t steps) {
  // Said, on the command line or in a file, otherwise than the program has it anyway.
  const auto is_given = [&](const std::string& key) {
    const CLI::Option& option = *app["--" + key];
    const std::string initial = option.get_expected_min() == 0 ? "false" : option.get_default_str();
    return o.on_command_line.contains("--" + key) || option_text(option) != initial;
  };
  std::vector<std::string> lines;
  for (const Idle& idle : idle_options(o, steps)) {
    if (!idle.is_so) continue;
    for (const std::string& key : idle.options) {
      if (is_given(key)) lines.push_back(fmt::format("--{} has no effect {}", key, idle.reason));
    }
  }
  if (o.warmup_steps > 0 && o.warmup_steps >= steps) {
    lines.push_back(fmt::format(
        "--warmup-steps {}: the run has {} steps, so its learning rate never gets to --lr",
        o.warmup_steps, steps));
  }
  if (o.ignore_index >= 0 && o.ignore_index < o.data.masks.classes) {
    lines.push_back(
        fmt::format("--ignore-index {0} is a class: its pixels take no part", o.ignore_index));
  }
  return lines;
}

std::vector<std::string> without_effect_in_any(const std::set<std::string>& on_command_line,
                                               const std::vector<TrainOptions>& runs) {
  constexpr std::int64_t kAnyNumber = std::numeric_limits<std::int64_t>::max();
  std::map<std::string, std::size_t> idle_in;
  for (const TrainOptions& run : runs) {
    for (const Idle& idle : idle_options(run, kAnyNumber)) {
      if (!idle.is_so) continue;
      for (const std::string& key : idle.options) ++idle_in[key];
    }
  }
  std::vector<std::string> lines;
  for (const auto& [key, count] : idle_in) {
    if (count < runs.size() || !on_command_line.contains("--" + key)) continue;
    lines.push_back(fmt::format("--{} has no effect in any of the configurations", key));
  }
  return lines;
}

}  // namespace dmf
