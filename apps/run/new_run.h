#pragma once

#include <filesystem>
#include <string>

#include "apps/run/provenance.h"

namespace dmf {

/// What a run is to be, before it is in its folder.
struct NewRun {
  std::string config, split;  // contents of config.toml and split.csv
  Provenance from;
  bool has_other_data = false;  // than it was last trained on
};

/// Gives a run that is about to begin its id, and the record that goes with it.
void identify(NewRun& run);

/// Writes what the folder does not have yet. run.json comes first, which tells the others from
/// files of somebody else's; config.toml last, with which a run can be gone on with.
void write_beginning(const std::filesystem::path& folder, const NewRun& run);

}  // namespace dmf
