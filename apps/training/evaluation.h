#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apps/data/loader.h"
#include "layers/unet.h"
#include "losses/metrics.h"
#include "losses/surface_distance.h"

namespace dmf {

/// Logits of a batch in evaluation mode, recording nothing; the network's mode is as before after.
Variable<float> evaluation_logits(UNet<float>& network, const Tensor<float>& images);

/// Class probabilities, an image of C channels for each of the batch.
///
/// logits  [N, H, W, C]
std::vector<Image> to_probabilities(const Variable<float>& logits);

/// The likeliest class of every pixel.
LabelMap likeliest(const Image& probabilities);

/// How one image came out. Lesion: any class above 0.
struct ImageScore {
  std::size_t item;
  ConfusionMatrix confusion;
  bool has_lesion;
  bool predicted_lesion;
  double lesion_dice;
  double lesion_iou;
  SurfaceDistance surface;
};

/// Scores of a set of images, each aggregation by its own name.
struct Evaluation {
  ConfusionMatrix confusion;  // pooled: the counts of all pixels of all images
  Scores pooled;
  std::vector<ImageScore> images;
  // Means over the images that have a lesion; a missed one counts Dice 0 and the image diagonal.
  std::size_t with_lesion = 0, missed = 0;
  double lesion_dice_per_image = 0.0, lesion_iou_per_image = 0.0;
  double hd95 = 0.0, surface_distance = 0.0;  // pixels
  // Of the images without a lesion, the share where one was predicted.
  std::size_t without_lesion = 0;
  double false_positive_rate = 0.0;

  nlohmann::ordered_json to_json() const;
  /// The table for the terminal.
  std::string table(const std::string& title) const;
};

struct EvaluationOptions {
  int batch = 32;
  bool surfaces = true;  // distances cost time; validation goes without
  /// Score at each file's own size: probabilities are resized to it and compared with its masks.
  const PreprocessSpec* at_original = nullptr;
  /// Called with the logits of every batch; training adds up its validation loss here.
  std::function<void(const Variable<float>& logits, const Batch& batch)> observer = {};
};

Evaluation evaluate(UNet<float>& network, const SampleSet& samples,
                    const std::vector<std::size_t>& items, const EvaluationOptions& options);

}  // namespace dmf
