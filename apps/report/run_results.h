#pragma once

#include <filesystem>
#include <string>

#include "apps/run/model_file.h"
#include "apps/run/run_data.h"

namespace dmf {

/// Scores a trained network on the test images of its run, prints the table and writes
/// per_image.csv, panels/ and report.html, then run.json with the hashes of all these and of the
/// training's tables, and last metrics.json, which says that the run is complete. A panel, table or
/// page that cannot be written is a warning; scores are not lost for it.
///
/// split   what the table says of it
/// throws  Interrupted when a StopRequest is noted meanwhile, with the command that goes on;
///         IoError when run.json or metrics.json cannot be written
void write_results(const std::filesystem::path& folder, Model& model, const RunData& data,
                   const TrainOptions& options, const std::string& split);

}  // namespace dmf
