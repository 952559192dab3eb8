#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "apps/image/image.h"
#include "apps/run/model_file.h"

namespace dmf {

/// What was found in an image, at its own size; of a photograph with an orientation, upright.
struct Segmented {
  LabelMap labels;
  std::map<std::string, std::string> files;  // the bytes of its results by their names' endings
  double lesion_share = 0.0;                 // of the pixels, in [0, 1]
  std::vector<std::string> warnings;         // of the file reader
};

struct SegmentOptions {
  bool floats = false;        // also "_probabilities.safetensors": tensor probabilities [H, W, K]
  bool disagreement = false;  // also "_disagreement.png", see disagreement()
  double tiles = 0.0;         // in windows, as EvaluationOptions has it
};

/// Segments an image: "_mask.png" (0 and 255, of more than two classes their indices),
/// "_probability.png" (of all classes above 0 together), "_overlay.png" (the image, lesions
/// tinted).
///
/// frame   of a DICOM with several, from 0
/// throws  IoError for a file that is no image, OutOfMemory or std::bad_alloc for too large a one
Segmented segment(const Model& model, const std::filesystem::path& image, int frame,
                  const SegmentOptions& options);

/// Beside the pictures: what their greys stand for.
std::string disagreement_text(const Model& model);

}  // namespace dmf
