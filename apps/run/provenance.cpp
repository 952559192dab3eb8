#include "apps/run/provenance.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/support/console.h"
#include "apps/support/program.h"
#include "apps/support/version.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

using Json = nlohmann::ordered_json;

/// The fields by the names they have in the file.
template <class P, class Visit>
void visit_fields(P& p, const Visit& visit) {
  visit("version", p.version);
  visit("commit", p.commit);
  visit("machine", p.machine);
  visit("kernels", p.kernels);
  visit("command", p.command);
  visit("split", p.split);
  visit("data_set", p.data_set);
  visit("fingerprint", p.fingerprint);
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

const Json& member(const Json& json, const char* key, const std::filesystem::path& path) {
  const auto found = json.find(key);
  DMF_CHECK(found != json.end(), IoError, "[run] {} has no '{}'.", path.string(), key);
  return *found;
}

std::string text_of(const Json& json, const char* key, const std::filesystem::path& path) {
  DMF_CHECK(json.is_string(), IoError, "[run] {}: '{}' is no text.", path.string(), key);
  return json.get<std::string>();
}

/// "IMAGE LABELS", the two hashes of an item.
ItemHashes parse_hashes(const std::string& text, const std::string& id,
                        const std::filesystem::path& path) {
  const std::size_t space = text.find(' ');
  DMF_CHECK(space != std::string::npos, IoError, "[run] {}: '{}' is '{}': expected two hashes.",
            path.string(), id, text);
  return {text.substr(0, space), text.substr(space + 1)};
}

}  // namespace

std::string badge_of(const Provenance& provenance) {
  return provenance.simulated ? "SIMULATED IMAGES" : "";
}

std::vector<std::string> cautions_of(const Provenance& provenance) {
  if (!provenance.simulated) return {};
  return {"Simulated images: nothing here is a result on patients."};
}

std::string warning_text(const std::string& warning) {
  constexpr std::string_view kMark = "warning: ";
  return warning.starts_with(kMark) ? warning.substr(kMark.size()) : warning;
}

Provenance provenance_of(const SampleSet& samples, const std::string& split,
                         const std::string& command) {
  Provenance from;
  from.version = kVersion;
  from.commit = kCommit;
  from.machine = processor() + ", " + describe_machine();
  from.kernels = describe_kernels();
  from.command = command;
  from.split = split;
  from.data_set = fmt::format("{}, {} images", samples.dataset().layout, samples.size());
  from.simulated = samples.dataset().simulated;
  from.masks = samples.mask_encoding();
  from.data = samples.record();
  from.fingerprint = fingerprint_of(from.data);
  return from;
}

void add_warnings(Provenance& provenance, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    std::vector<std::string>& known = provenance.warnings;
    if (std::ranges::count(known, warning) == 0) known.push_back(warning);
  }
}

void keep_warnings(const std::filesystem::path& run_json) {
  if (warnings_given().empty() || !std::filesystem::exists(run_json)) return;
  Provenance from = read_provenance(run_json);
  const std::size_t known = from.warnings.size();
  add_warnings(from, warnings_given());
  if (from.warnings.size() > known) write_provenance(run_json, from);
}

void write_provenance(const std::filesystem::path& path, const Provenance& provenance) {
  Json json;
  json["id"] = provenance.id;
  visit_fields(provenance, [&](const char* key, const std::string& value) { json[key] = value; });
  if (provenance.simulated) json["simulated"] = true;
  if (!provenance.warnings.empty()) json["warnings"] = provenance.warnings;
  if (provenance.masks) json["masks"] = provenance.masks->to_metadata();
  if (!provenance.former_data.empty()) json["former_data"] = provenance.former_data;
  json["files"] = provenance.files;
  Json& data = json["data"] = Json::object();
  for (const auto& [id, hashes] : provenance.data) data[id] = hashes.image + " " + hashes.labels;
  write_file_atomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Provenance read_provenance(const std::filesystem::path& path) {
  constexpr std::uintmax_t kMost = 1 << 28;
  const Json json = Json::parse(read_file(path, kMost), nullptr, false);
  DMF_CHECK(json.is_object(), IoError, "[run] {} is no JSON object.", path.string());
  Provenance provenance;
  visit_fields(provenance, [&](const char* key, std::string& value) {
    value = text_of(member(json, key, path), key, path);
  });
  if (!json.contains("id")) return provenance;  // an older version's
  provenance.id = text_of(json["id"], "id", path);
  for (const auto& [id, hashes] : member(json, "data", path).items()) {
    provenance.data[id] = parse_hashes(text_of(hashes, "data", path), id, path);
  }
  for (const auto& [name, hash] : member(json, "files", path).items()) {
    provenance.files[name] = text_of(hash, "files", path);
  }
  if (json.contains("masks")) {
    Metadata masks;
    for (const auto& [key, value] : json["masks"].items()) {
      masks[key] = text_of(value, "masks", path);
    }
    provenance.masks = MaskEncoding::from_metadata(masks);
  }
  provenance.simulated = json.value("simulated", Json(false)) == Json(true);
  for (const auto& [key, into] :
       {std::pair{"former_data", &provenance.former_data}, {"warnings", &provenance.warnings}}) {
    if (!json.contains(key)) continue;
    for (const Json& each : json[key]) into->push_back(text_of(each, key, path));
  }
  return provenance;
}

}  // namespace dmf
