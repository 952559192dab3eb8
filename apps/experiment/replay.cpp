#include "apps/experiment/replay.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "apps/report/page.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "engine/core/check.h"

namespace dmf {

Replay replay(const CsvTable& steps, FusionSpec spec) {
  Replay result;
  for (const std::string& column : steps.columns) {
    if (steps.has("weight_" + column)) result.losses.push_back(column);
  }
  DMF_CHECK(!result.losses.empty(), IoError,
            "[replay] {} has no losses: expected a run's steps.csv, with columns NAME and "
            "weight_NAME.",
            steps.name);
  spec.losses = result.losses;
  while (spec.steps_per_epoch < static_cast<std::int64_t>(steps.rows.size()) &&
         steps.text(static_cast<std::size_t>(spec.steps_per_epoch), "epoch") ==
             steps.text(0, "epoch")) {
    ++spec.steps_per_epoch;
  }
  Fusion fusion(spec, weighting_rules());
  for (std::size_t row = 0; row < steps.rows.size(); ++row) {
    std::vector<double> values;
    bool finite = true;
    for (const std::string& loss : result.losses) {
      const std::string& text = steps.text(row, loss);
      values.push_back(text == "nan" ? std::nan("") : steps.number(row, loss));
      finite = finite && std::isfinite(values.back());
    }
    if (!finite) continue;
    const Fusion::Factors factors = fusion.step(values);
    result.steps.push_back(steps.number(row, "step"));
    result.weights.push_back(factors.weights);
    result.gamma.push_back(factors.gamma);
  }
  return result;
}

std::string Replay::csv() const {
  std::string text = "step";
  for (const std::string& loss : losses) text += "," + csv_cell("weight_" + loss);
  text += ",gamma\n";
  for (std::size_t k = 0; k < steps.size(); ++k) {
    text += fmt::format("{},{},{}\n", steps[k], fmt::join(weights[k], ","), gamma[k]);
  }
  return text;
}

std::string Replay::html(const std::string& title) const {
  constexpr std::size_t kPoints = 600;
  std::vector<Series> series;
  for (std::size_t l = 0; l < losses.size(); ++l) {
    Series one{losses[l], steps, {}};
    for (const auto& at_step : weights) one.y.push_back(at_step[l]);
    series.push_back(one.thinned(kPoints));
  }
  Page page;
  page.title = title;
  page.add_charts("Weights", "", Json::array({chart(title, "step", "weight", series)}));
  return page.html();
}

}  // namespace dmf
