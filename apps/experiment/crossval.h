#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/experiment/plan.h"
#include "apps/experiment/runner.h"

namespace dmf {

/// The runs of a cross-validation, one a fold but for the one set aside; each in FOLDER/fold<k>/r1.
///
/// config  what all share, as config_text() writes it
/// only    one fold alone; 0: all of them
/// throws  ValueError without folds, or for one that is not there or set aside; IoError as
///         plan_runs()
std::vector<PlannedRun> plan_folds(const std::string& config, int only);

/// Scores of a cross-validation whose folds are all done: of each model on the fold that it has not
/// seen, of all images together, each by the model that has not seen it, and of the ensemble, of its
/// members too, on the images set aside, if any. Writes into the folder
///
///   ensemble.safetensors   all models as one
///   per_image.csv          of every image of the folds
///   aside.csv              of every image set aside, by the ensemble
///   crossval.md            what it returns
///
/// return  the table
std::string write_crossval(const std::filesystem::path& folder, const std::vector<GridRun>& runs,
                           const Compute& compute);

}  // namespace dmf
