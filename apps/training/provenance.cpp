#include "apps/training/provenance.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/support/program.h"
#include "apps/support/version.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

using Json = nlohmann::ordered_json;

/// The fields by the names they have in the file.
template <class P, class Visit>
void visit_fields(P& p, const Visit& visit) {
  visit("version", p.version);
  visit("commit", p.commit);
  visit("machine", p.machine);
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

std::string fingerprint_of(const SampleSet& samples) {
  std::string text;
  const auto add = [&text](const std::filesystem::path& path) {
    std::error_code error;
    text +=
        fmt::format("{} {}\n", path.filename().string(), std::filesystem::file_size(path, error));
  };
  for (std::size_t i = 0; i < samples.size(); ++i) {
    text += samples.item(i).id + "\n";
    add(samples.item(i).image);
    for (const auto& mask : samples.item(i).masks) add(mask);
  }
  return hash_of(text);
}

}  // namespace

Provenance provenance_of(const SampleSet& samples, const std::string& split,
                         const std::string& command) {
  return {std::string(kVersion),
          std::string(kCommit),
          processor() + ", " + describe_machine(),
          command,
          split,
          fmt::format("{}, {} images", samples.dataset().layout, samples.size()),
          fingerprint_of(samples)};
}

void write_provenance(const std::filesystem::path& path, const Provenance& provenance) {
  Json json;
  visit_fields(provenance, [&](const char* key, const std::string& value) { json[key] = value; });
  write_file_atomically(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Provenance read_provenance(const std::filesystem::path& path) {
  constexpr std::uintmax_t kMost = 1 << 20;
  const Json json = Json::parse(read_file(path, kMost), nullptr, false);
  DMF_CHECK(json.is_object(), IoError, "[run] {} is no JSON object.", path.string());
  Provenance provenance;
  visit_fields(provenance, [&](const char* key, std::string& value) {
    const auto found = json.find(key);
    DMF_CHECK(found != json.end() && found->is_string(), IoError, "[run] {} has no text '{}'.",
              path.string(), key);
    value = found->template get<std::string>();
  });
  return provenance;
}

}  // namespace dmf
