#pragma once

#include <filesystem>
#include <string>

#include "apps/data/samples.h"

namespace dmf {

/// Where a run comes from: what a reader needs to judge or repeat it, and what must agree before
/// runs are compared.
struct Provenance {
  std::string version, commit;
  std::string machine;  // processor, threads, vectors
  std::string command;
  std::string split;        // "grouped split, seed 1"
  std::string data_set;     // layout and number of images
  std::string fingerprint;  // of the data set: names and sizes of its files
};

/// Of a run of this program, on this machine.
Provenance provenance_of(const SampleSet& samples, const std::string& split,
                         const std::string& command);

void write_provenance(const std::filesystem::path& path, const Provenance& provenance);
/// throws  IoError for a file that is not such a record
Provenance read_provenance(const std::filesystem::path& path);

}  // namespace dmf
