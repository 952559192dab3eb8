#include "apps/evaluation/evaluation.h"

#include <algorithm>

#include "apps/evaluation/tiles.h"
#include "apps/support/within_memory.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// Without the pixels that the truth says to ignore.
std::vector<std::uint8_t> lesion_mask(const LabelMap& labels, const LabelMap& truth,
                                      std::int32_t ignore_index) {
  std::vector<std::uint8_t> mask;
  mask.reserve(labels.labels.size());
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const bool ignored = ignore_index >= 0 && truth.labels[i] == ignore_index;
    mask.push_back(labels.labels[i] > 0 && !ignored ? 1 : 0);
  }
  return mask;
}

/// The labels of a batch's image at the network's size.
LabelMap labels_of(const Batch& batch, std::size_t k) {
  const Shape& shape = batch.labels.shape();
  LabelMap labels(static_cast<int>(shape[1]), static_cast<int>(shape[2]));
  const std::size_t each = labels.labels.size();
  std::copy_n(batch.labels.tensor().data() + k * each, each, labels.labels.begin());
  return labels;
}

/// spacing  of these pixels, where it is known
void measure_surfaces(ImageScore& score, const LabelMap& truth, const LabelMap& prediction,
                      std::int32_t ignore_index, const std::optional<Spacing>& spacing) {
  if (spacing) score.millimetres = SurfaceDistance{};
  if (!score.has_lesion()) return;
  const auto drawn = lesion_mask(truth, truth, ignore_index),
             found = lesion_mask(prediction, truth, ignore_index);
  score.surface = surface_distance(drawn, found, truth.height, truth.width);
  if (spacing) {
    score.millimetres = surface_distance(drawn, found, truth.height, truth.width, *spacing);
  }
}

/// An item of the set in windows, at its own size.
Judged in_tiles(const Predictor& predictor, const SampleSet& samples, std::size_t item,
                const EvaluationOptions& options) {
  const PreprocessSpec& spec = *options.at_original;
  auto [raw, truth] = samples.own(item);
  const Image found = mean_of(opinions_in_tiles(
      predictor, preprocess_at_scale(raw, spec, options.tiles), spec.size, options.batch));
  return {item, std::move(truth), resize(found, raw.height, raw.width, Interpolation::linear),
          false};
}

struct Scored {
  ImageScore score;
  Reliability reliability = {};
};

Scored scored(const Judged& judged, const Inference& inference, const SampleSet& samples,
              const EvaluationOptions& options) {
  const std::int32_t ignored = samples.mask_encoding().ignored;
  const Image sure = calibrated(judged.probabilities, inference.temperature);
  const LabelMap prediction = to_labels(judged.probabilities, sure, inference);
  Scored result{score_labels(samples, judged, prediction)};
  if (options.surfaces) {
    const ItemHeader& header = samples.header(judged.item);
    measure_surfaces(result.score, judged.truth, prediction, ignored,
                     options.at_original != nullptr ? header.spacing : header.spacing_at_network);
  }
  result.reliability.add(sure, judged.truth, ignored);
  return result;
}

void add(Evaluation& evaluation, Scored image) {
  evaluation.reliability += image.reliability;
  evaluation.pooled += image.score.confusion;
  evaluation.images.push_back(std::move(image.score));
}

}  // namespace

bool ImageScore::has_lesion() const {
  const ConfusionMatrix two = lesion_against_rest(confusion);
  return lesion_lost || two.tp(1) + two.fn(1) > 0;
}

bool ImageScore::predicted_lesion() const {
  const ConfusionMatrix two = lesion_against_rest(confusion);
  return two.tp(1) + two.fp(1) > 0;
}

double ImageScore::lesion_dice() const {
  return score(lesion_against_rest(confusion), 0.0)["dice"].per_class[1];
}

double ImageScore::lesion_share() const {
  const ConfusionMatrix two = lesion_against_rest(confusion);
  return static_cast<double>(two.tp(1) + two.fn(1)) /
         static_cast<double>(std::max<std::int64_t>(two.total(), 1));
}

double Evaluation::lesion_dice_per_image() const {
  double sum = 0.0;
  std::size_t count = 0;
  for (const ImageScore& image : images) {
    if (!image.has_lesion()) continue;
    sum += image.lesion_dice();
    ++count;
  }
  return sum / static_cast<double>(std::max<std::size_t>(count, 1));
}

Judged at_scored_size(const SampleSet& samples, const Batch& batch, std::size_t image,
                      const Image& found, const PreprocessSpec* at_original) {
  const std::size_t item = batch.items[image];
  if (at_original == nullptr) {
    return {item, labels_of(batch, image), found, samples.lesions(item).all_lost};
  }
  LabelMap truth = samples.own_labels(item);
  Image probabilities = restore_size(found, *at_original, truth.height, truth.width);
  return {item, std::move(truth), std::move(probabilities), false};
}

ImageScore score_labels(const SampleSet& samples, const Judged& judged,
                        const LabelMap& prediction) {
  ImageScore score{samples.item(judged.item).id,
                   ConfusionMatrix(judged.probabilities.channels),
                   {},
                   {},
                   judged.lesion_lost};
  score.confusion.add(judged.truth.labels, prediction.labels, samples.mask_encoding().ignored);
  return score;
}

Evaluation evaluate(const Predictor& predictor, const SampleSet& samples,
                    const std::vector<std::size_t>& items, const EvaluationOptions& options) {
  Evaluation evaluation{ConfusionMatrix(predictor.classes()), {}};
  const auto score_batch = [&](const Batch& batch) {
    const std::vector<Image> predictions =
        predictor.probabilities(batch.images, [&](const Variable<float>& logits) {
          if (options.observer) options.observer(logits, batch);
        });
    std::vector<Scored> images =
        judge_batch(samples, batch, predictions, options.at_original, [&](const Judged& judged) {
          return scored(judged, predictor.inference(), samples, options);
        });
    for (std::size_t k = 0; k < images.size(); ++k) {
      if (options.on_found) options.on_found(batch.items[k], predictions[k]);
      add(evaluation, std::move(images[k]));
    }
    return predictions.size();
  };
  std::optional<Loader> loader;
  std::size_t done = 0, end = items.size();
  if (options.tiles == 0.0) {
    loader.emplace(samples, items, LoaderOptions{.batch = options.batch});
    const auto batches = static_cast<Index>(loader->batches());
    const ChunkRange own = even_share(batches, options.parts, options.part);
    loader->start_epoch(0, static_cast<std::size_t>(own.begin));
    done = loader->first_image(static_cast<std::size_t>(own.begin));
    end = loader->first_image(static_cast<std::size_t>(own.end));
  }
  const std::string help =
      options.at_original != nullptr
          ? "A smaller --batch needs less, scoring at the network's size too (--score-at network of "
            "train, --at network of evaluate)"
          : "A smaller --batch needs less";
  while (done < end) {
    const std::string which = fmt::format("while scoring {} and those after it, {} at a time",
                                          samples.item(items[done]).id, options.batch);
    done += within_memory(which, help, [&] {
      if (loader) return score_batch(*loader->next());
      add(evaluation, scored(in_tiles(predictor, samples, items[done], options),
                             predictor.inference(), samples, options));
      return std::size_t{1};
    });
    if (options.on_progress) options.on_progress("images scored", done, items.size());
  }
  return evaluation;
}

}  // namespace dmf
