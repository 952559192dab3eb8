#pragma once

#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"
#include "apps/options/options.h"
#include "apps/run/model_file.h"
#include "apps/run/provenance.h"

namespace dmf {

/// What a model is, what it was made from, what it is for and how well it does, as Markdown (Mitchell
/// et al. 2019, "Model Cards for Model Reporting").
///
/// images  the test images' scores
std::string model_card(const Model& model, const TrainOptions& options, const Provenance& from,
                       const Scoreboard& board, const std::vector<ImageScore>& images);

}  // namespace dmf
