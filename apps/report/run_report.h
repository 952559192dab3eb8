#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/report/test_pictures.h"

namespace dmf {

/// The scoreboard and what it is of as JSON.
///
/// at   "original" or "network": the size they are scored at
/// run  the id of the run that the weights come from; empty where there is none
std::string metrics_json(const Scoreboard& scoreboard, const std::string& at,
                         const std::string& part, const std::string& split, const std::string& run);

/// Writes the report.html of a run that trains, from what its folder holds so far: the run, and the
/// course of losses, weights and validation.
void write_run_page(const std::filesystem::path& run);
/// Of one that is done: with its test scores and pictures too.
///
/// pictures  of test images; none where they cannot be drawn
void write_run_page(const std::filesystem::path& run, const Scoreboard& scores,
                    const std::vector<ImageScore>& images,
                    const std::vector<TestPicture>& pictures);

}  // namespace dmf
