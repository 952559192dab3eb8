#include "apps/experiment/report/comparison.h"

#include <algorithm>

#include "apps/files/csv.h"

namespace dmf {
namespace {

/// Empty where the grid has no fixed weights to compare with.
std::string baseline_of(const Results& results, const std::string& configuration) {
  const std::string& weighting = results.of(configuration).front()->options.fusion.weighting;
  const std::string baseline = "fixed" + configuration.substr(weighting.size());
  const auto& all = results.configurations;
  const bool there = std::find(all.begin(), all.end(), baseline) != all.end();
  return there && baseline != configuration ? baseline : "";
}

/// Repetitions that both configurations have.
struct PairedRuns {
  std::vector<const RunResult*> ours, theirs;
};
PairedRuns paired_runs(const Results& results, const std::string& configuration,
                       const std::string& baseline) {
  PairedRuns paired;
  for (const std::string& repetition : results.repetitions) {
    const RunResult* a = results.find(configuration, repetition);
    const RunResult* b = results.find(baseline, repetition);
    if (a == nullptr || b == nullptr) continue;
    paired.ours.push_back(a);
    paired.theirs.push_back(b);
  }
  return paired;
}

void correct(std::vector<Comparison>& comparisons) {
  std::vector<double> p;
  for (const Comparison& each : comparisons) p.push_back(each.test.p);
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t k = 0; k < p.size(); ++k) comparisons[k].p_holm = adjusted[k];
}

bool same_counts(const ConfusionMatrix& a, const ConfusionMatrix& b) {
  if (a.classes() != b.classes()) return false;
  for (int t = 0; t < a.classes(); ++t) {
    for (int p = 0; p < a.classes(); ++p) {
      if (a(t, p) != b(t, p)) return false;
    }
  }
  return true;
}

bool same_predictions(const RunResult& a, const RunResult& b) {
  return a.images.size() == b.images.size() &&
         std::equal(a.images.begin(), a.images.end(), b.images.begin(),
                    [](const ImageScore& x, const ImageScore& y) {
                      return x.id == y.id && same_counts(x.confusion, y.confusion);
                    });
}

bool same_training(const RunResult& a, const RunResult& b) {
  const auto steps = [](const RunResult& run) {
    const CsvTable table = read_csv(run.folder / "steps.csv");
    return std::pair(table.columns, table.rows);
  };
  return steps(a) == steps(b);
}

}  // namespace

std::string Comparison::direction() const {
  return mean.value > 0.0 ? "higher" : mean.value < 0.0 ? "lower" : "equal";
}

Comparison compared(std::string configuration, std::string baseline,
                    std::vector<double> differences) {
  Comparison comparison{std::move(configuration), std::move(baseline), std::move(differences)};
  comparison.mean = mean_with_interval(comparison.differences);
  comparison.test = signed_rank_test(comparison.differences);
  return comparison;
}

std::vector<Comparison> compare_over_images(const Results& results) {
  std::vector<Comparison> comparisons;
  for (const std::string& configuration : results.configurations) {
    const std::string baseline = baseline_of(results, configuration);
    if (baseline.empty()) continue;
    const PairedRuns paired = paired_runs(results, configuration, baseline);
    const auto ours = dice_by_image(paired.ours), theirs = dice_by_image(paired.theirs);
    std::vector<double> differences;
    for (const auto& [id, value] : ours) {
      if (theirs.contains(id)) differences.push_back(value - theirs.at(id));
    }
    if (!differences.empty()) {
      comparisons.push_back(compared(configuration, baseline, std::move(differences)));
    }
  }
  correct(comparisons);
  return comparisons;
}

std::vector<Comparison> compare_over_repetitions(const Results& results) {
  constexpr std::size_t kLeast = 6;
  std::vector<Comparison> comparisons;
  for (const std::string& configuration : results.configurations) {
    const std::string baseline = baseline_of(results, configuration);
    if (baseline.empty()) continue;
    const PairedRuns paired = paired_runs(results, configuration, baseline);
    std::vector<double> differences;
    for (std::size_t k = 0; k < paired.ours.size(); ++k) {
      differences.push_back(lesion_dice(*paired.ours[k]) - lesion_dice(*paired.theirs[k]));
    }
    if (differences.size() >= kLeast) {
      comparisons.push_back(compared(configuration, baseline, std::move(differences)));
    }
  }
  correct(comparisons);
  return comparisons;
}

std::map<std::string, double> dice_by_image(const std::vector<const RunResult*>& runs) {
  std::map<std::string, std::vector<double>> values;
  for (const RunResult* run : runs) {
    for (const ImageScore& image : run->images) {
      if (image.has_lesion()) values[image.id].push_back(image.lesion_dice());
    }
  }
  std::map<std::string, double> means;
  for (const auto& [id, each] : values) means[id] = mean_deviation(each).mean;
  return means;
}

double lesion_dice(const RunResult& run) {
  const Estimate* found = run.board.find("per_image", "dice", "lesion");
  return found == nullptr ? 0.0 : found->value;
}

std::vector<Twins> find_twins(const Results& results) {
  std::vector<Twins> all;
  const auto& names = results.configurations;
  for (std::size_t later = 1; later < names.size(); ++later) {
    for (std::size_t k = 0; k < later; ++k) {
      const PairedRuns paired = paired_runs(results, names[later], names[k]);
      Twins twins{names[later], names[k], 0, paired.ours.size(), true};
      bool same = !paired.ours.empty();
      for (std::size_t r = 0; same && r < paired.ours.size(); ++r) {
        same = same_predictions(*paired.ours[r], *paired.theirs[r]);
        twins.images += paired.ours[r]->images.size();
      }
      if (!same) continue;
      for (std::size_t r = 0; r < paired.ours.size(); ++r) {
        twins.same_training =
            twins.same_training && same_training(*paired.ours[r], *paired.theirs[r]);
      }
      all.push_back(std::move(twins));
      break;
    }
  }
  return all;
}

}  // namespace dmf
