#pragma once

#include <filesystem>
#include <string>

#include "apps/training/evaluation.h"
#include "apps/training/model_file.h"

namespace dmf {

/// Writes the evaluation and where it comes from as JSON, atomically.
void write_metrics(const std::filesystem::path& path, const Evaluation& evaluation,
                   const std::string& part, const std::string& split);

/// Writes up to `count` panels (image, truth, prediction), evenly spread over the items.
void write_panels(const std::filesystem::path& folder, Model& model, const SampleSet& samples,
                  const std::vector<std::size_t>& items, std::size_t count);

}  // namespace dmf
