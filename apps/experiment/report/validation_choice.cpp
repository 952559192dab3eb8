#include "apps/experiment/report/validation_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/experiment/report/test_tables.h"
#include "apps/experiment/statistics.h"
#include "apps/files/csv.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

std::map<std::string, std::string> all_but_weights(const RunResult& run) {
  std::map<std::string, std::string> settings = run.settings;
  settings.erase("initial-weights");
  return settings;
}

}  // namespace

ValidationCourse::ValidationCourse(const RunResult& run) {
  const CsvTable table = read_csv(run.folder / "epochs.csv");
  DMF_CHECK(!table.rows.empty(), IoError, "[report] {}: no epoch is in it.",
            (run.folder / "epochs.csv").string());
  std::size_t kept = 0;
  for (std::size_t k = 0; k < table.rows.size(); ++k) {
    const bool is_better =
        table.number(k, "validation_cb_dice") > table.number(kept, "validation_cb_dice");
    if (run.options.keeps_last || is_better) kept = k;
    kept_dice_.push_back(table.number(kept, "validation_lesion_dice_per_image"));
  }
}

std::optional<TunedWeights> tuned_weights(const Results& results) {
  std::vector<std::vector<const RunResult*>> candidates;
  for (const std::string& name : results.configurations) {
    const std::vector<const RunResult*> runs = results.of(name);
    const TrainOptions& options = runs.front()->options;
    if (options.fusion.weighting != "fixed" || options.auxiliary != "none") continue;
    if (candidates.empty() ||
        all_but_weights(*runs.front()) == all_but_weights(*candidates.front().front())) {
      candidates.push_back(runs);
    }
  }
  if (candidates.size() < 2) return std::nullopt;
  TunedWeights best{"", candidates.size()};
  double most = -1.0;
  for (const std::vector<const RunResult*>& runs : candidates) {
    std::vector<double> values;
    for (const RunResult* run : runs) values.push_back(ValidationCourse(*run).dice());
    const double mean = mean_deviation(values).mean;
    if (mean > most) best.configuration = runs.front()->configuration;
    most = std::max(most, mean);
  }
  return best;
}

Table tuned_tests(const Results& results) {
  const std::optional<TunedWeights> tuned = tuned_weights(results);
  std::vector<Comparison> comparisons;
  for (const std::string& name : results.configurations) {
    const TrainOptions& options = results.of(name).front()->options;
    if (!tuned || options.fusion.weighting == "fixed" || options.auxiliary != "none") continue;
    comparisons.push_back(compare_images(results, name, tuned->configuration));
    if (comparisons.back().differences.empty()) comparisons.pop_back();
  }
  correct(comparisons);
  Table table = image_tests(comparisons);
  table.name = "tuned";
  table.title = "Rules against tuned fixed weights";
  if (tuned) {
    table.note = fmt::format(
        "Of {} fixed weightings the one with the highest lesion Dice per validation image, mean over "
        "repetitions, is {}; no test image had a say. Tests as above.",
        tuned->tried, tuned->configuration);
  }
  return table;
}

}  // namespace dmf
