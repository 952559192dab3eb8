#pragma once

#include <filesystem>
#include <string>

#include "apps/report/scoreboard.h"
#include "apps/training/model_file.h"

namespace dmf {

/// The scoreboard and what it is of as JSON.
std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split);

/// Writes panels (image, truth, prediction): up to eight evenly spread over the items, and in
/// worst/ and best/ four each by lesion Dice, named "1 ID.png", "2 ID.png", ....
///
/// images  the scores of these items, in their order
void write_panels(const std::filesystem::path& folder, Model& model, const SampleSet& samples,
                  const std::vector<std::size_t>& items, const std::vector<ImageScore>& images);

/// Writes the report.html of a run that trains, from what its folder holds so far: the run, and the
/// course of losses, weights and validation.
void write_run_page(const std::filesystem::path& run);
/// Of one that is done: with its test scores and panels too.
void write_run_page(const std::filesystem::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images);

}  // namespace dmf
