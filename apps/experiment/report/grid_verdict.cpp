#include "apps/experiment/report/grid_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/support/text.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFewRepetitions = 3, kFewImages = 6;  // below which nothing can be said

std::string number_of(std::size_t n, const char* what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

/// "variance+cb_dice exceeds fixed+cb_dice by 0.012 (95 % 0.004 to 0.020, Holm p 0.010)"
std::string finding(const Comparison& each) {
  const double sign = each.mean.value < 0.0 ? -1.0 : 1.0;
  const double a = sign * each.mean.low, b = sign * each.mean.high;
  const std::string p = p_text(each.p_holm);
  return fmt::format("{} {} {} by {:.3f} (95 % {:.3f} to {:.3f}, Holm p {})", each.configuration,
                     each.mean.value < 0.0 ? "falls short of" : "exceeds", each.baseline,
                     sign * each.mean.value, std::min(a, b), std::max(a, b), p);
}

double range_of_means(const std::map<std::string, std::vector<double>>& values) {
  std::vector<double> means;
  for (const auto& [unused, each] : values) means.push_back(mean_deviation(each).mean);
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  return *high - *low;
}

/// How far the mean Dice moves from one repetition to another and from one rule to another, over the
/// repetitions that all configurations have.
std::string spread(const Results& results) {
  std::map<std::string, std::vector<double>> by_repetition, by_rule;
  for (const std::string& repetition : results.repetitions) {
    const bool all = std::all_of(
        results.configurations.begin(), results.configurations.end(),
        [&](const std::string& name) { return results.find(name, repetition) != nullptr; });
    if (!all) continue;
    for (const std::string& name : results.configurations) {
      const RunResult& run = *results.find(name, repetition);
      by_repetition[repetition].push_back(lesion_dice(run));
      by_rule[run.options.fusion.weighting].push_back(lesion_dice(run));
    }
  }
  if (by_repetition.size() < 2 || by_rule.size() < 2) return "";
  return fmt::format(
      " From one repetition (split and initial weights) to another Dice moves by {:.3f}, from one "
      "rule to another by {:.3f}.",
      range_of_means(by_repetition), range_of_means(by_rule));
}

/// That repetitions are too few, where anything was compared on enough images.
std::string lack_of_repetitions(const Results& results,
                                const std::vector<Comparison>& comparisons) {
  const bool compared =
      std::any_of(comparisons.begin(), comparisons.end(), [](const Comparison& each) {
        return each.test.pairs > 0 && each.differences.size() >= kFewImages;
      });
  const std::size_t repetitions = results.repetitions.size();
  if (!compared || repetitions >= kFewRepetitions) return "";
  return fmt::format(" {} {} too few to say whether another training would give the same.",
                     number_of(repetitions, "repetition"), repetitions == 1 ? "is" : "are");
}

/// What the comparisons of one kind found; nothing where there are none.
std::string sentence(const std::vector<Comparison>& all, bool of_rules) {
  std::vector<std::string> found;
  std::size_t images = ~std::size_t{0}, comparisons = 0;
  double smallest = 1.0;
  bool equal = true;
  for (const Comparison& each : all) {
    if (each.of_rules != of_rules) continue;
    ++comparisons;
    if (each.significant()) found.push_back(finding(each));
    images = std::min(images, each.differences.size());
    smallest = std::min(smallest, each.p_holm);
    equal = equal && each.test.pairs == 0;
  }
  if (comparisons == 0) return "";
  const char* none =
      of_rules ? "No rule differs from fixed weights" : "No changed option makes a difference";
  if (equal) return fmt::format("{} on any test image.", none);
  if (images < kFewImages) {
    return fmt::format("{} are too few to tell {} apart: no test can find anything below 6.",
                       number_of(images, "test image"), of_rules ? "rules" : "options");
  }
  if (found.empty()) {
    return fmt::format("{} after correction ({}, smallest p {}).", none,
                       number_of(comparisons, "comparison"), p_text(smallest));
  }
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t k = 0; k < std::min(kShown, found.size()); ++k) {
    text += (k == 0 ? "" : "; ") + found[k];
  }
  if (found.size() > kShown) text += fmt::format("; and {} more", found.size() - kShown);
  return text + fmt::format(", of {}.", number_of(comparisons, "comparison"));
}

/// What training warned of, a line a warning with the configurations that it is about.
std::vector<std::string> warnings_of(const Results& results) {
  std::map<std::string, std::vector<std::string>> by_warning;
  for (const std::string& configuration : results.configurations) {
    for (const RunResult* run : results.of(configuration)) {
      for (const std::string& warning : run->from.warnings) {
        std::vector<std::string>& names = by_warning[warning];
        if (names.empty() || names.back() != configuration) names.push_back(configuration);
      }
    }
  }
  std::vector<std::string> lines;
  for (const auto& [warning, names] : by_warning) {
    lines.push_back(fmt::format("{}: {}", first_few(names), warning_text(warning)));
  }
  return lines;
}

}  // namespace

std::string verdict(const Results& results, const std::vector<Comparison>& comparisons) {
  if (comparisons.empty()) {
    std::string best;
    double most = -1.0;
    for (const std::string& name : results.configurations) {
      std::vector<double> values;
      for (const RunResult* run : results.of(name)) values.push_back(lesion_dice(*run));
      const double mean = mean_deviation(values).mean;
      if (mean > most) best = name;
      most = std::max(most, mean);
    }
    return results.configurations.size() == 1
               ? fmt::format(
                     "{} has a lesion Dice of {:.3f} per image, with nothing to compare it with.",
                     best, most)
               : fmt::format(
                     "The grid has no fixed weights to compare with. The highest lesion Dice per image is {:.3f}, of {}.",
                     most, best);
  }
  const std::string of_rules = sentence(comparisons, true),
                    of_options = sentence(comparisons, false);
  return of_rules + (of_rules.empty() || of_options.empty() ? "" : " ") + of_options +
         lack_of_repetitions(results, comparisons) + spread(results);
}

std::vector<std::string> cautions(const Results& results) {
  std::vector<std::string> lines = cautions_of(results.runs.begin()->second.from);
  for (const Twins& twins : find_twins(results)) {
    const RunResult &later = *results.of(twins.configuration).front(),
                    &earlier = *results.of(twins.earlier).front();
    const bool never_acted = earlier.options.fusion.weighting == "fixed" &&
                             earlier.options.auxiliary == later.options.auxiliary;
    if (twins.same_training) {
      lines.push_back(fmt::format("{} is identical to {} to the last bit{}", twins.configuration,
                                  twins.earlier, never_acted ? ": the rule never acted." : "."));
    } else {
      lines.push_back(fmt::format(
          "{} and {} were trained differently and predict the same in all {} test images: see whether either finds a lesion at all.",
          twins.configuration, twins.earlier, twins.images));
    }
  }
  std::vector<std::string> fewer;
  for (const std::string& name : results.configurations) {
    const std::size_t runs = results.of(name).size();
    if (runs < results.repetitions.size()) fewer.push_back(fmt::format("{} ({})", name, runs));
  }
  if (!fewer.empty()) {
    lines.push_back(fmt::format("Not every configuration has all {} repetitions: {}.",
                                results.repetitions.size(), first_few(fewer)));
  }
  if (const std::size_t lost = results.failed.size() + results.unfinished.size(); lost > 0) {
    lines.push_back(
        fmt::format("{} failed or did not finish: no number has them.", number_of(lost, "run")));
  }
  const std::vector<std::string> warnings = warnings_of(results);
  lines.insert(lines.end(), warnings.begin(), warnings.end());
  return lines;
}

std::string grid_name(const Results& results) {
  const RunResult& first = results.runs.begin()->second;
  fs::path folder = first.folder.parent_path();
  const auto holds = [](const fs::path& above, const fs::path& run) {
    return std::mismatch(above.begin(), above.end(), run.begin(), run.end()).first == above.end();
  };
  for (const auto& [unused, run] : results.runs) {
    while (!folder.empty() && folder.has_relative_path() && !holds(folder, run.folder))
      folder = folder.parent_path();
  }
  // The runs of one configuration lie together in a folder of the grid's.
  if (fs::exists(folder.parent_path() / "grid.toml")) folder = folder.parent_path();
  const std::string name = fs::weakly_canonical(fs::current_path() / folder).filename().string();
  return fmt::format("{}: {}", name.empty() ? "runs" : name, first.from.data_set);
}

}  // namespace dmf
