#include "apps/report/replay.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "apps/page/page.h"
#include "apps/page/plot.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// What a rule needs beside the losses of each step, or "".
std::string missing_for(const RuleNeeds& needs) {
  if (needs.gradients) return "needs the losses' gradients";
  if (needs.losses_after_update) return "needs the losses after each update";
  return "";
}

Replay replay_of(const Recorded& run, FusionSpec spec) {
  spec.losses = run.losses;
  spec.steps_per_epoch = run.steps_per_epoch;
  Fusion fusion(spec, weighting_rules());
  const std::string missing = missing_for(fusion.needs());
  DMF_CHECK(missing.empty(), ValueError, "[replay] {} {}, which a run's steps.csv does not have.",
            spec.weighting, missing);
  Replay result{spec.weighting, run.losses, run.steps, {}, {}};
  for (const std::vector<double>& values : run.values) {
    const Fusion::Factors factors = fusion.step(values);
    result.weights.push_back(factors.weights);
    result.gamma.push_back(factors.gamma);
  }
  return result;
}

std::string header(const Replay& of) {
  std::string text = "step";
  for (const std::string& loss : of.losses) text += "," + csv_cell("weight_" + loss);
  return text + ",gamma\n";
}

std::string line(const Replay& of, std::size_t k) {
  return fmt::format("{},{},{}\n", of.steps[k], fmt::join(of.weights[k], ","), of.gamma[k]);
}

}  // namespace

Recorded recorded(const CsvTable& table) {
  Recorded run;
  for (const std::string& column : table.columns) {
    if (table.has("weight_" + column)) run.losses.push_back(column);
  }
  DMF_CHECK(!run.losses.empty(), IoError,
            "[replay] {} has no losses: expected a run's steps.csv, with columns NAME and "
            "weight_NAME.",
            table.name);
  while (run.steps_per_epoch < static_cast<std::int64_t>(table.rows.size()) &&
         table.text(static_cast<std::size_t>(run.steps_per_epoch), "epoch") ==
             table.text(0, "epoch")) {
    ++run.steps_per_epoch;
  }
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    std::vector<double> values;
    bool finite = true;
    for (const std::string& loss : run.losses) {
      const std::string& text = table.text(row, loss);
      values.push_back(text == "nan" ? std::nan("") : table.number(row, loss));
      finite = finite && std::isfinite(values.back());
    }
    if (!finite) continue;
    run.steps.push_back(table.number(row, "step"));
    run.values.push_back(std::move(values));
    std::vector<double>& weights = run.weights.emplace_back();
    for (const std::string& loss : run.losses) {
      weights.push_back(table.number(row, "weight_" + loss));
    }
    run.gamma.push_back(table.has("gamma") ? table.number(row, "gamma") : 0.0);
  }
  return run;
}

Replay replay(const CsvTable& steps, FusionSpec spec) {
  return replay_of(recorded(steps), std::move(spec));
}

ReplayOfAll replay_all(const CsvTable& steps, const FusionSpec& spec) {
  const Recorded run = recorded(steps);
  ReplayOfAll all;
  for (const RuleEntry& rule : weighting_rules()) {
    FusionSpec own = spec;
    own.weighting = std::string(rule.name);
    own.losses = run.losses;
    own.steps_per_epoch = run.steps_per_epoch;
    try {
      const std::string missing = missing_for(Fusion(own, weighting_rules()).needs());
      if (missing.empty()) {
        all.rules.push_back(replay_of(run, own));
      } else {
        all.left_out.push_back(own.weighting + ": " + missing);
      }
    } catch (const Error& problem) {
      all.left_out.push_back(own.weighting + ": " + problem.what());
    }
  }
  return all;
}

std::string Replay::csv() const {
  std::string text = header(*this);
  for (std::size_t k = 0; k < steps.size(); ++k) text += line(*this, k);
  return text;
}

std::string ReplayOfAll::csv() const {
  std::string text;
  for (const Replay& rule : rules) {
    if (text.empty()) text = "weighting," + header(rule);
    for (std::size_t k = 0; k < rule.steps.size(); ++k)
      text += rule.weighting + "," + line(rule, k);
  }
  return text;
}

std::string replay_html(const std::vector<Replay>& replays,
                        const std::vector<std::string>& left_out) {
  constexpr std::size_t kPoints = 600;
  std::vector<Plot> plots;
  for (const Replay& replay : replays) {
    std::vector<Series> series;
    for (std::size_t l = 0; l < replay.losses.size(); ++l) {
      Series one{replay.losses[l], replay.steps, {}};
      for (const auto& at_step : replay.weights) one.y.push_back(at_step[l]);
      series.push_back(one.thinned(kPoints));
    }
    plots.push_back({.title = replay.weighting, .x = "step", .y = "weight", .series = series});
  }
  Page page;
  page.title = replays.size() == 1 ? "Replay: " + replays.front().weighting : "Replay of all rules";
  for (const std::string& rule : left_out) page.lines.push_back("left out: " + rule);
  page.add("Weights", "", plots_html(plots));
  return page.html();
}

}  // namespace dmf
