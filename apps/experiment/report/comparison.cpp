#include "apps/experiment/report/comparison.h"

#include <algorithm>
#include <iterator>

#include "apps/experiment/plan.h"
#include "apps/files/csv.h"

namespace dmf {
namespace {

/// The names of all comparisons that a grid allows, without their numbers.
std::vector<Comparison> pairs_of(const Results& results) {
  const auto there = [&results](const std::string& name) {
    const auto& all = results.configurations;
    return std::find(all.begin(), all.end(), name) != all.end();
  };
  std::vector<Comparison> pairs;
  for (const std::string& name : results.configurations) {
    const TrainOptions& options = results.of(name).front()->options;
    const std::string fixed = "fixed" + name.substr(options.fusion.weighting.size()),
                      unchanged = configuration_name(options);
    if (fixed != name && there(fixed)) {
      pairs.push_back({name, fixed, true, {}});
    } else if (unchanged != name && there(unchanged)) {
      pairs.push_back({name, unchanged, false, {}});
    }
  }
  return pairs;
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

namespace {

void measure(Comparison& comparison, std::vector<double> differences) {
  comparison.differences = std::move(differences);
  comparison.mean = mean_with_interval(comparison.differences);
  comparison.test = signed_rank_test(comparison.differences);
}

/// Rules, then options, each kind corrected by itself.
std::vector<Comparison> corrected_by_kind(const std::vector<Comparison>& comparisons) {
  std::vector<Comparison> all;
  for (const bool of_rules : {true, false}) {
    std::vector<Comparison> kind;
    std::copy_if(comparisons.begin(), comparisons.end(), std::back_inserter(kind),
                 [&](const Comparison& each) { return each.of_rules == of_rules; });
    correct(kind);
    all.insert(all.end(), kind.begin(), kind.end());
  }
  return all;
}

std::vector<double> image_differences(const Results& results, const Comparison& pair) {
  const PairedRuns paired = paired_runs(results, pair.configuration, pair.baseline);
  const auto ours = dice_by_image(paired.ours), theirs = dice_by_image(paired.theirs);
  std::vector<double> differences;
  for (const auto& [id, value] : ours) {
    if (theirs.contains(id)) differences.push_back(value - theirs.at(id));
  }
  return differences;
}

}  // namespace

Comparison compared(std::string configuration, std::string baseline,
                    std::vector<double> differences) {
  Comparison comparison{std::move(configuration), std::move(baseline), true, {}};
  measure(comparison, std::move(differences));
  return comparison;
}

Comparison compare_images(const Results& results, std::string configuration, std::string baseline) {
  Comparison pair{std::move(configuration), std::move(baseline), true, {}};
  measure(pair, image_differences(results, pair));
  return pair;
}

void correct(std::vector<Comparison>& comparisons) {
  std::vector<double> p;
  for (const Comparison& each : comparisons) p.push_back(each.test.p);
  const std::vector<double> adjusted = holm_adjusted(p);
  for (std::size_t k = 0; k < p.size(); ++k) comparisons[k].p_holm = adjusted[k];
}

std::vector<Comparison> compare_over_images(const Results& results) {
  std::vector<Comparison> comparisons = pairs_of(results);
  for (Comparison& pair : comparisons) measure(pair, image_differences(results, pair));
  std::erase_if(comparisons, [](const Comparison& each) { return each.differences.empty(); });
  return corrected_by_kind(comparisons);
}

std::vector<Comparison> compare_over_repetitions(const Results& results) {
  constexpr std::size_t kLeast = 6;
  std::vector<Comparison> comparisons = pairs_of(results);
  for (Comparison& pair : comparisons) {
    const PairedRuns paired = paired_runs(results, pair.configuration, pair.baseline);
    std::vector<double> differences;
    for (std::size_t k = 0; k < paired.ours.size(); ++k) {
      differences.push_back(lesion_dice(*paired.ours[k]) - lesion_dice(*paired.theirs[k]));
    }
    measure(pair, std::move(differences));
  }
  std::erase_if(comparisons,
                [](const Comparison& each) { return each.differences.size() < kLeast; });
  return corrected_by_kind(comparisons);
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
