#include "apps/experiment/report/cost_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/experiment/report/validation_choice.h"
#include "apps/experiment/statistics.h"
#include "apps/support/program.h"

namespace dmf {
namespace {

constexpr int kRounds = 3;

std::vector<double> least_seconds(const Results& results, const StepCost& cost) {
  std::vector<double> least(results.configurations.size(), std::numeric_limits<double>::infinity());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t k = 0; k < least.size(); ++k) {
      const RunResult& any = *results.of(results.configurations[k]).front();
      least[k] = std::min(least[k], cost(any.options));
    }
  }
  return least;
}

}  // namespace

Table cost_table(const Results& results, const StepCost& cost) {
  Table table;
  table.name = "cost";
  table.title = "What a rule costs, and what it gives";
  table.note = fmt::format(
      "A training step of each configuration, the least of {} measurements in turn ({}), and as a multiple of fixed weights'. "
      "Dice: lesion Dice per validation image of the weights that are kept, mean over repetitions, after all epochs and after "
      "those that end within the time of all epochs under fixed weights.",
      kRounds, describe_machine());
  table.columns = {"configuration", "step, ms", "times fixed", "Dice", "in equal time", "epochs"};
  table.csv_columns = {"configuration", "step_seconds", "times_fixed", "dice",
                       "equal_dice",    "epochs",       "equal_epochs"};
  const auto fixed = std::find_if(
      results.configurations.begin(), results.configurations.end(), [&](const std::string& name) {
        return results.of(name).front()->options.fusion.weighting == "fixed";
      });
  if (fixed == results.configurations.end()) return table;
  const std::vector<double> seconds = least_seconds(results, cost);
  const double reference =
      seconds[static_cast<std::size_t>(fixed - results.configurations.begin())];
  for (std::size_t k = 0; k < seconds.size(); ++k) {
    const double times = seconds[k] / reference;
    std::vector<double> whole, equal, epochs, equal_epochs;
    for (const RunResult* run : results.of(results.configurations[k])) {
      const ValidationCourse course(*run);
      const std::size_t all = course.epochs();
      const auto within = static_cast<std::size_t>(
          std::max(1.0, std::floor(static_cast<double>(all) / std::max(times, 1.0))));
      whole.push_back(course.dice());
      equal.push_back(course.dice(within));
      epochs.push_back(static_cast<double>(all));
      equal_epochs.push_back(static_cast<double>(within));
    }
    const auto mean = [](const std::vector<double>& values) { return mean_deviation(values).mean; };
    table.rows.push_back({results.configurations[k], fmt::format("{:.1f}", 1000.0 * seconds[k]),
                          fmt::format("{:.2f}", times), fmt::format("{:.3f}", mean(whole)),
                          fmt::format("{:.3f}", mean(equal)),
                          fmt::format("{:.0f} of {:.0f}", mean(equal_epochs), mean(epochs))});
    table.csv_rows.push_back({results.configurations[k], fmt::format("{}", seconds[k]),
                              fmt::format("{}", times), fmt::format("{}", mean(whole)),
                              fmt::format("{}", mean(equal)), fmt::format("{}", mean(epochs)),
                              fmt::format("{}", mean(equal_epochs))});
  }
  return table;
}

}  // namespace dmf
