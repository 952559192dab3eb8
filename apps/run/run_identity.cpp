#include "apps/run/run_identity.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "apps/options/config_lines.h"
#include "apps/options/options.h"
#include "apps/support/call.h"
#include "apps/support/console.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"
#include "engine/io/safetensors.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;
constexpr std::string_view kIdLine = "# run ";

/// The id in a file's metadata; empty without one. A file that is no safetensors file at all is
/// named by who reads it.
std::string id_of_tensors(const fs::path& path) {
  const Safetensors file = read_safetensors(path);
  const auto found = file.metadata.find("run");
  return found == file.metadata.end() ? "" : found->second;
}

std::string id_of_metrics(const fs::path& path) {
  const auto json = nlohmann::json::parse(read_file(path, kLargestText), nullptr, false);
  DMF_CHECK(json.is_object(), IoError, "[run] {} is no JSON object.", path.string());
  return json.contains("run") && json["run"].is_string() ? json["run"].get<std::string>() : "";
}

/// The ids of a folder's files by their names, without those that have none.
std::map<std::string, std::string> ids_in(const fs::path& folder, const Provenance& from) {
  std::map<std::string, std::string> ids = {{"run.json", from.id}};
  if (fs::exists(folder / "config.toml")) {
    ids["config.toml"] = run_id_in(read_file(folder / "config.toml", kLargestText));
  }
  for (const char* name : {"best.safetensors", "last.safetensors"}) {
    if (fs::exists(folder / name)) ids[name] = id_of_tensors(folder / name);
  }
  if (fs::exists(folder / "metrics.json")) {
    ids["metrics.json"] = id_of_metrics(folder / "metrics.json");
  }
  std::erase_if(ids, [](const auto& each) { return each.second.empty(); });
  return ids;
}

/// The id that most files have; of several, the one of run.json.
std::string commonest(const std::map<std::string, std::string>& ids) {
  std::map<std::string, int> votes;
  for (const auto& each : ids) ++votes[each.second];
  std::string best = ids.at("run.json");
  for (const auto& [id, count] : votes) {
    if (count > votes[best]) best = id;
  }
  return best;
}

/// Tables that are no longer what run.json says. Those of a run that still trains grow.
std::vector<std::string> changed_tables(const fs::path& folder, const Provenance& from) {
  std::vector<std::string> tables = {"split.csv"};
  if (fs::exists(folder / "metrics.json")) {
    tables.insert(tables.end(), {"steps.csv", "epochs.csv", "per_image.csv"});
  }
  std::erase_if(tables, [&](const std::string& name) {
    const auto hash = from.files.find(name);
    return hash == from.files.end() || !fs::exists(folder / name) ||
           hash_of(read_file(folder / name, kLargestText)) == hash->second;
  });
  return tables;
}

/// ": lr is ..." where the checkpoint still knows what was.
std::string what_changed(const fs::path& folder, const std::string& definition) {
  if (!fs::exists(folder / "checkpoint.safetensors")) return "";
  const Safetensors checkpoint = read_safetensors(folder / "checkpoint.safetensors");
  const auto was = checkpoint.metadata.find("definition");
  if (was == checkpoint.metadata.end()) return "";
  const auto key = differing_key(definition, "it", defining_lines(was->second), "the checkpoint");
  return key ? ": " + *key : "";
}

}  // namespace

std::string defining_lines(const std::string& config) {
  std::vector<std::string> kept;
  for (const auto& [key, value] : config_values(config)) {
    if (nature_of(key).bears_on == BearsOn::result) kept.push_back(key + "=" + value + "\n");
  }
  std::sort(kept.begin(), kept.end());
  return fmt::format("{}", fmt::join(kept, ""));
}

std::string run_definition(const std::string& config, const std::string& split) {
  return defining_lines(config) + split;
}

std::string run_definition(const fs::path& folder) {
  return run_definition(read_file(folder / "config.toml", kLargestText),
                        read_file(folder / "split.csv", kLargestText));
}

std::string run_id(const std::string& definition, const std::string& fingerprint) {
  return hash_of(definition + fingerprint);
}

std::optional<std::string> differing_key(const std::string& a, const std::string& name_a,
                                         const std::string& b, const std::string& name_b) {
  std::map<std::string, std::string> in_a = config_values(a), in_b = config_values(b);
  for (const auto& each : in_b) in_a.try_emplace(each.first, "not given");
  for (const auto& [key, value] : in_a) {
    const auto other = in_b.try_emplace(key, "not given").first->second;
    if (other != value) {
      return fmt::format("{} is {} in {} and {} in {}", key, value, name_a, other, name_b);
    }
  }
  return std::nullopt;
}

std::string with_run_id(const std::string& config, const std::string& id) {
  return fmt::format("{}{}\n{}", kIdLine, id, config);
}

std::string run_id_in(const std::string& config) {
  if (!config.starts_with(kIdLine)) return "";
  const std::size_t begin = kIdLine.size();
  return config.substr(begin, config.find_first_of("\r\n", begin) - begin);
}

bool require_same_data(const fs::path& folder, const Provenance& from, const SampleSet& samples,
                       bool goes_on) {
  if (from.data.empty()) {
    warn(fmt::format(
        "warning: {} holds no hashes of the data (an older version wrote it): whether they changed "
        "since the run began is not known",
        (folder / "run.json").string()));
    return false;
  }
  const auto change = data_change(from.data, samples.record());
  if (!change) return false;
  DMF_CHECK(goes_on, IoError,
            "[data] since the run in {} began, {}. Put back what it was, or give --data-changed to "
            "go on with the data as they are.",
            folder.string(), *change);
  warn(fmt::format("warning: since the run began, {}", *change));
  return true;
}

void require_one_run(const fs::path& folder) {
  if (!fs::exists(folder / "run.json")) return;
  const Provenance from = read_provenance(folder / "run.json");
  if (from.id.empty()) return;  // an older version's
  const std::map<std::string, std::string> ids = ids_in(folder, from);
  const std::string id = commonest(ids);
  std::vector<std::string> strangers;
  for (const auto& each : ids) {
    if (each.second != id) strangers.push_back(each.first);
  }
  DMF_CHECK(strangers.empty(), IoError,
            "[run] {} mixes files of several runs: {} {} not of the run of the others. Put back "
            "what belongs to it, or train again with --overwrite.",
            folder.string(), fmt::join(strangers, ", "), strangers.size() == 1 ? "is" : "are");
  const std::vector<std::string> changed = changed_tables(folder, from);
  DMF_CHECK(changed.empty(), IoError,
            "[run] {}: {} {} not what the run wrote. Put back what it was, or train again with "
            "--overwrite.",
            folder.string(), fmt::join(changed, ", "), changed.size() == 1 ? "is" : "are");
  if (!fs::exists(folder / "config.toml") || !fs::exists(folder / "split.csv")) return;
  const std::string& began = from.former_data.empty() ? from.fingerprint : from.former_data.front();
  const std::string definition = run_definition(folder);
  DMF_CHECK(run_id(definition, began) == id, IoError,
            "[run] {}: config.toml is not what the run was trained with{}. Put back what it was; "
            "another configuration is another run ({} --config, another --out).",
            folder.string(), what_changed(folder, definition), command_of("train"));
}

}  // namespace dmf
