#include "apps/experiment/results.h"

#include <algorithm>
#include <set>

#include "apps/evaluation/per_image.h"
#include "apps/experiment/plan.h"
#include "apps/files/folders.h"
#include "apps/options/config_file.h"
#include "apps/options/config_lines.h"
#include "apps/run/run_identity.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;
using ConfigValues = std::map<std::string, std::string>;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;

/// Of a configuration what may differ between those of a grid.
ConfigValues varying_values(const std::string& config) {
  ConfigValues values = config_values(config);
  std::erase_if(values, [](const auto& each) { return !nature_of(each.first).may_vary; });
  return values;
}

/// Options that are not the same in all configurations, each given by its rule's name and its values,
/// and with each the value that more than half of them have, or no text. A name can leave that value
/// out, as in a recipe's ablations.
std::map<std::string, std::string> varying(
    const std::set<std::pair<std::string, ConfigValues>>& different) {
  std::map<std::string, std::map<std::string, std::size_t>> counts;
  for (const auto& [unused, values] : different) {
    for (const auto& [key, value] : values) ++counts[key][value];
  }
  std::map<std::string, std::string> usual;
  for (const auto& [key, values] : counts) {
    if (values.size() == 1 && values.begin()->second == different.size()) continue;
    usual[key];
    for (const auto& [value, count] : values) {
      if (2 * count > different.size()) usual[key] = value;
    }
  }
  return usual;
}

std::string repetition_of(const TrainOptions& o) {
  std::string text = fmt::format("seed {}", o.seed);
  if (o.split.folds > 0 || !o.split.folds_file.empty())
    text += fmt::format(", fold {}", o.split.fold);
  return text;
}

/// Where a configuration stands in a table: controls first, then the rules; auxiliary losses in the
/// paper's order.
std::pair<std::size_t, std::size_t> rank_of(const TrainOptions& o) {
  const auto position = [](const std::vector<std::string>& order, const std::string& name) {
    return static_cast<std::size_t>(std::find(order.begin(), order.end(), name) - order.begin());
  };
  return {position({"fixed", "random", "variance", "mad", "bayesian"}, o.fusion.weighting),
          position({"none", "tversky", "focal", "cb_dice"}, o.auxiliary)};
}

/// Folders of runs, and of those that failed with the reason, in natural order.
struct Found {
  std::vector<fs::path> runs;
  std::vector<std::pair<std::string, std::string>> failed;
};
Found find_runs(const std::vector<std::string>& folders) {
  Found found;
  for (const std::string& folder : folders) {
    DMF_CHECK(fs::is_directory(folder), IoError, "[report] {} is not a folder of runs.", folder);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().filename() == "config.toml") {
        found.runs.push_back(entry.path().parent_path().lexically_normal());
      }
      if (entry.path().extension() == ".failed") {
        std::string reason = read_file(entry.path(), kLargestText);
        while (!reason.empty() && reason.back() == '\n') reason.pop_back();
        const fs::path run = entry.path().parent_path() / entry.path().stem();
        if (!fs::exists(run / "metrics.json")) found.failed.emplace_back(run.string(), reason);
      }
    }
  }
  std::sort(found.runs.begin(), found.runs.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.string(), b.string());
  });
  found.runs.erase(std::unique(found.runs.begin(), found.runs.end()), found.runs.end());
  std::sort(found.failed.begin(), found.failed.end());
  return found;
}

/// ": 3 of 700 images are not what they were, first ...", where both kept what they read.
std::string data_difference(const Provenance& a, const Provenance& b) {
  if (a.data.empty() != b.data.empty()) {
    return ", one of them by an older version that did not look at the pixels";
  }
  const auto change = data_change(a.data, b.data);
  return change ? "; from one to the other " + *change : "";
}

bool is_finished(const fs::path& folder) {
  return fs::exists(folder / "metrics.json") && fs::exists(folder / "per_image.csv");
}

void require_same(const RunResult& a, const RunResult& b) {
  require_one_data_set(a, b);
  DMF_CHECK(a.from.version == b.from.version, IoError,
            "[report] {} and {} were made by different versions: {} and {}.", a.folder.string(),
            b.folder.string(), a.from.version, b.from.version);
}

}  // namespace

const RunResult* Results::find(const std::string& configuration,
                               const std::string& repetition) const {
  const auto found = runs.find({configuration, repetition});
  return found == runs.end() ? nullptr : &found->second;
}

std::vector<const RunResult*> Results::of(const std::string& configuration) const {
  std::vector<const RunResult*> all;
  for (const std::string& repetition : repetitions) {
    if (const RunResult* run = find(configuration, repetition)) all.push_back(run);
  }
  return all;
}

RunResult read_run(const fs::path& folder) {
  DMF_CHECK(fs::exists(folder / "config.toml") && is_finished(folder), IoError,
            "[report] {} is no finished run: expected a folder with config.toml, per_image.csv and "
            "metrics.json.",
            folder.string());
  require_one_run(folder);
  const std::string name = (folder / "config.toml").string(),
                    config = read_file(name, kLargestText);
  RunResult run{folder, parse_config(config, name), "", {}, "", {}, {}, {}};
  run.configuration = configuration_name(run.options);
  run.settings = varying_values(config);
  run.repetition = repetition_of(run.options);
  run.from = read_provenance(folder / "run.json");
  run.images = read_per_image_csv(folder / "per_image.csv");
  run.board = make_scoreboard(run.images, {.resamples = 0});
  return run;
}

void require_one_data_set(const RunResult& a, const RunResult& b) {
  DMF_CHECK(a.from.fingerprint == b.from.fingerprint, IoError,
            "[report] {} and {} are runs of different data sets: {} and {}{}.", a.folder.string(),
            b.folder.string(), a.from.data_set, b.from.data_set, data_difference(a.from, b.from));
}

Results read_results(const std::vector<std::string>& folders) {
  Results results;
  const Found found = find_runs(folders);
  results.failed = found.failed;
  std::vector<RunResult> runs;
  for (const fs::path& folder : found.runs) {
    if (!is_finished(folder)) {
      const bool has_failed =
          std::any_of(results.failed.begin(), results.failed.end(),
                      [&](const auto& each) { return each.first == folder.string(); });
      if (!has_failed) results.unfinished.push_back(folder.string());
      continue;
    }
    RunResult run = read_run(folder);
    if (!runs.empty()) require_same(runs.front(), run);
    runs.push_back(std::move(run));
  }
  DMF_CHECK(!runs.empty(), IoError, "[report] {} hold{} no finished run.", fmt::join(folders, ", "),
            folders.size() == 1 ? "s" : "");

  std::set<std::pair<std::string, ConfigValues>> different;
  for (const RunResult& run : runs) different.emplace(run.configuration, run.settings);
  const std::map<std::string, std::string> keys = varying(different);
  for (RunResult& run : runs) {
    for (const auto& [key, usual] : keys) {
      const auto value = run.settings.find(key);
      if (value != run.settings.end() && value->second != usual) {
        run.configuration += fmt::format(",{}={}", key, value->second);
      }
    }
  }
  std::stable_sort(runs.begin(), runs.end(), [](const RunResult& a, const RunResult& b) {
    return std::tuple(rank_of(a.options), a.configuration, a.options.seed, a.options.split.fold) <
           std::tuple(rank_of(b.options), b.configuration, b.options.seed, b.options.split.fold);
  });
  std::map<std::pair<std::uint64_t, int>, std::string> order;
  for (RunResult& run : runs) {
    if (results.configurations.empty() || results.configurations.back() != run.configuration) {
      results.configurations.push_back(run.configuration);
    }
    order[{run.options.seed, run.options.split.fold}] = run.repetition;
    const std::pair key(run.configuration, run.repetition);
    const RunResult* other = results.find(key.first, key.second);
    DMF_CHECK(other == nullptr, IoError, "[report] {} and {} are both {}, {}.",
              other->folder.string(), run.folder.string(), key.first, key.second);
    results.runs.emplace(key, std::move(run));
  }
  for (const auto& [unused, repetition] : order) results.repetitions.push_back(repetition);
  return results;
}

}  // namespace dmf
