#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/data/samples.h"

namespace dmf {

/// Where a run comes from: what a reader needs to judge or repeat it, and what must agree before
/// runs are compared. Kept as run.json; those of older versions have no id, data and files.
struct Provenance {
  std::string id;  // of the run, see run_identity.h
  std::string version, commit;
  std::string machine;  // processor, threads, vectors
  std::string kernels;  // see describe_kernels(); older versions did not say
  std::string command;
  std::string split;        // "grouped split, seed 1"
  std::string data_set;     // layout and number of images
  bool simulated = false;   // its images are, and were never a patient's
  std::string fingerprint;  // of the data; of an older version: of its files' names and sizes

  std::optional<MaskEncoding> masks;         // how its masks are read; older versions did not say
  DataRecord data;                           // the images as they were read
  std::vector<std::string> former_data;      // fingerprints before --data-changed, the first first
  std::vector<std::string> warnings;         // that its training gave, in order
  std::map<std::string, std::string> files;  // hashes of files of the run, by path in its folder
};

/// Beside the title of a page: "SIMULATED IMAGES"; empty for those of patients.
std::string badge_of(const Provenance& provenance);

/// What a reader must know of a run before any number: that its images are simulated, if they are.
std::vector<std::string> cautions_of(const Provenance& provenance);

/// A warning without the word that marks it as one.
std::string warning_text(const std::string& warning);

/// Of a run of this program, on this machine; without id and files.
Provenance provenance_of(const SampleSet& samples, const std::string& split,
                         const std::string& command);

/// Adds the warnings that it does not have yet.
void add_warnings(Provenance& provenance, const std::vector<std::string>& warnings);

/// Adds to a run's run.json, where there is one, the warnings about it so far: they must not be lost
/// with this process.
void keep_warnings(const std::filesystem::path& run_json);

void write_provenance(const std::filesystem::path& path, const Provenance& provenance);
/// throws  IoError for a file that is not such a record
Provenance read_provenance(const std::filesystem::path& path);

}  // namespace dmf
