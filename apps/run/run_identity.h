#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/run/provenance.h"

namespace dmf {

// What makes the files of a run folder one run: an id that its config.toml, run.json, model files,
// checkpoint, scores and page all carry. It is a hash of what defines the result, so that equal
// runs have equal bytes.

/// The lines of a configuration whose options bear on the result (BearsOn::result), sorted.
std::string defining_lines(const std::string& config);

/// What a run is: defining_lines and its split.csv.
std::string run_definition(const std::string& config, const std::string& split);
/// The same of the run in a folder.
std::string run_definition(const std::filesystem::path& folder);

/// fingerprint  of the data that the run began with
std::string run_id(const std::string& definition, const std::string& fingerprint);

/// The first key in which two texts of lines KEY=VALUE differ, with both values: "lr is 0.001 in
/// FIRST and 0.002 in SECOND".
std::optional<std::string> differing_key(const std::string& a, const std::string& name_a,
                                         const std::string& b, const std::string& name_b);

/// A configuration with the id of its run in the first line, a comment.
std::string with_run_id(const std::string& config, const std::string& id);
/// The id in that line; empty without one.
std::string run_id_in(const std::string& config);

/// Compares the data as they were read with those that the run began with.
///
/// goes_on  --data-changed was given: a change is only warned of
/// return   whether they changed
/// throws   IoError naming the first image that changed and how many did
bool require_same_data(const std::filesystem::path& folder, const Provenance& from,
                       const SampleSet& samples, bool goes_on);

/// Looks at all files of a run folder that say which run they are of. Files of older versions,
/// which do not, are believed.
///
/// throws  IoError naming those that are of another run, or were changed since
void require_one_run(const std::filesystem::path& folder);

}  // namespace dmf
