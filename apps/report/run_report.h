#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/run/model_file.h"

namespace dmf {

/// The scoreboard and what it is of as JSON.
///
/// at   "original" or "network": the size they are scored at
/// run  the id of the run that the weights come from; empty where there is none
std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split, const std::string& run);

/// The bytes of files by their paths in the run folder.
using RunFiles = std::map<std::string, std::string>;

/// Panels (image, truth, prediction) as PNG: up to eight evenly spread over the items in panels/,
/// and in its worst/ and best/ four each by lesion Dice, named "1 ID.png", "2 ID.png", ....
///
/// images     the scores of these items, in their order
/// each_time  called before each is drawn; it may throw to stop
RunFiles panel_files(Model& model, const SampleSet& samples, const std::vector<std::size_t>& items,
                     const std::vector<ImageScore>& images, const std::function<void()>& each_time);

/// Writes the report.html of a run that trains, from what its folder holds so far: the run, and the
/// course of losses, weights and validation.
void write_run_page(const std::filesystem::path& run);
/// Of one that is done: with its test scores and panels too.
void write_run_page(const std::filesystem::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images, const RunFiles& panels);

}  // namespace dmf
