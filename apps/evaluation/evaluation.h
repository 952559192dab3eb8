#pragma once

#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "apps/data/loader.h"
#include "apps/evaluation/calibration.h"
#include "apps/evaluation/predictor.h"
#include "apps/support/progress.h"
#include "engine/core/parallel.h"
#include "losses/metrics/metrics.h"
#include "losses/metrics/surface_distance.h"

namespace dmf {

/// How one image came out. Lesion: any class above 0.
struct ImageScore {
  std::string id;
  ConfusionMatrix confusion;
  SurfaceDistance
      surface;  // of the lesion; zeros where there is none, or where it was not asked for
  /// The same in millimetres, of an image whose file gives its spacing.
  std::optional<SurfaceDistance> millimetres = {};
  /// The file's own labels show a lesion, those at the scored size none: it counts as one, of Dice
  /// 0, and as missed where none is predicted.
  bool lesion_lost = false;

  bool has_lesion() const;
  bool predicted_lesion() const;
  /// 0 where neither truth nor prediction have one.
  double lesion_dice() const;
  /// Of the image's labelled pixels.
  double lesion_share() const;
};

/// An image's truth and what was found of it, at the size that is scored.
struct Judged {
  std::size_t item;
  LabelMap truth;
  Image probabilities;
  bool lesion_lost;  // see ImageScore
};

/// found        class probabilities of the batch's image, at the network's size
/// at_original  as EvaluationOptions has it
Judged at_scored_size(const SampleSet& samples, const Batch& batch, std::size_t image,
                      const Image& found, const PreprocessSpec* at_original);

/// What `judge` makes of every image of a batch at the size that is scored, in order. At their own size
/// they are decoded, resized and measured, each on a core of its own.
///
/// found  of each, as above
/// judge  const Judged& -> what is wanted of it
/// throws  the first of what at_scored_size() and `judge` throw
template <class Judge>
auto judge_batch(const SampleSet& samples, const Batch& batch, const std::vector<Image>& found,
                 const PreprocessSpec* at_original, const Judge& judge) {
  std::vector<std::optional<std::invoke_result_t<Judge, const Judged&>>> results(found.size());
  rethrow_first(parallel_try(static_cast<Index>(found.size()), [&](Index index) {
    const auto k = static_cast<std::size_t>(index);
    results[k] = judge(at_scored_size(samples, batch, k, found[k], at_original));
  }));
  std::vector<std::invoke_result_t<Judge, const Judged&>> all;
  for (auto& result : results) all.push_back(std::move(*result));
  return all;
}

/// The score of one way to make labels of the probabilities, without distances.
ImageScore score_labels(const SampleSet& samples, const Judged& judged, const LabelMap& prediction);

/// What a network made of a set of images.
struct Evaluation {
  ConfusionMatrix pooled;  // the counts of all pixels of all images
  std::vector<ImageScore> images;
  Reliability reliability = {};  // of all pixels, at the scored size

  /// Mean over the images that have a lesion, 0 where none has.
  double lesion_dice_per_image() const;
};

struct EvaluationOptions {
  int batch = 32;
  Index part = 0, parts = 1;  // of the batches of whole images: which are scored, see even_share()
  bool surfaces = true;       // distances cost time; validation goes without
  /// Score at each file's own size: probabilities are resized to it and compared with its masks.
  const PreprocessSpec* at_original = nullptr;
  /// With at_original: each image is seen at so many times its own size in overlapping windows (see
  /// opinions_in_tiles()) instead of whole at the network's size; 0: whole.
  double tiles = 0.0;
  /// Called with the first network's logits of every batch of whole images; training adds up its
  /// validation loss here.
  std::function<void(const Variable<float>& logits, const Batch& batch)> observer = {};
  /// Called with the class probabilities of each whole image at the network's size, [H, W, classes].
  std::function<void(std::size_t item, const Image& found)> on_found = {};
  CountProgress on_progress = {};
};

/// throws  DeviceError naming the images that memory did not suffice for
Evaluation evaluate(const Predictor& predictor, const SampleSet& samples,
                    const std::vector<std::size_t>& items, const EvaluationOptions& options);

}  // namespace dmf
