#include "apps/evaluation/evaluation.h"

#include <algorithm>

#include "apps/support/within_memory.h"
#include "engine/core/check.h"
#include "engine/ops/softmax.h"

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

Variable<float> evaluation_logits(Network<float>& network, const Tensor<float>& images) {
  const bool was_training = network.training();
  network.train(false);
  const NoGrad no_grad;
  Variable<float> logits = network.logits(images.to(network.device()));
  network.train(was_training);
  return logits;
}

std::vector<Image> to_probabilities(const Variable<float>& logits) {
  const Tensor<float> probabilities = softmax(logits).value().to(Device::cpu());
  const auto H = static_cast<int>(probabilities.size(1)),
             W = static_cast<int>(probabilities.size(2));
  const auto C = static_cast<int>(probabilities.size(3));
  const Index each = probabilities.numel() / probabilities.size(0);
  std::vector<Image> result;
  for (Index n = 0; n < probabilities.size(0); ++n) {
    const float* from = probabilities.data() + n * each;
    std::copy_n(from, each, result.emplace_back(H, W, C).pixels.begin());
  }
  return result;
}

LabelMap likeliest(const Image& probabilities) {
  LabelMap labels(probabilities.height, probabilities.width);
  const auto C = static_cast<std::size_t>(probabilities.channels);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const float* p = probabilities.pixels.data() + i * C;
    labels.labels[i] = static_cast<std::int32_t>(std::max_element(p, p + C) - p);
  }
  return labels;
}

Evaluation evaluate(Network<float>& network, const SampleSet& samples,
                    const std::vector<std::size_t>& items, const EvaluationOptions& options) {
  const auto classes = static_cast<int>(network.spec().classes);
  Evaluation evaluation{ConfusionMatrix(classes), {}};
  const MaskEncoding& encoding = samples.mask_encoding();
  const auto score_batch = [&](const Batch& batch) {
    const Variable<float> logits = evaluation_logits(network, batch.images);
    if (options.observer) options.observer(logits, batch);
    const std::vector<Image> predictions = to_probabilities(logits);
    for (std::size_t k = 0; k < predictions.size(); ++k) {
      const std::size_t item = batch.items[k];
      LabelMap truth, prediction;
      if (options.at_original != nullptr) {
        truth = samples.own_labels(item);
        prediction = likeliest(
            restore_size(predictions[k], *options.at_original, truth.height, truth.width));
      } else {
        truth = labels_of(batch, k);
        prediction = likeliest(predictions[k]);
      }
      const bool lost = options.at_original == nullptr && samples.lesions(item).all_lost;
      ImageScore score{samples.item(item).id, ConfusionMatrix(classes), {}, {}, lost};
      score.confusion.add(truth.labels, prediction.labels, encoding.ignored);
      if (options.surfaces) {
        const ItemHeader& header = samples.header(item);
        measure_surfaces(
            score, truth, prediction, encoding.ignored,
            options.at_original != nullptr ? header.spacing : header.spacing_at_network);
      }
      evaluation.pooled += score.confusion;
      evaluation.images.push_back(std::move(score));
    }
  };
  Loader loader(samples, items, {.batch = options.batch});
  const std::string help =
      options.at_original != nullptr
          ? "A smaller --batch needs less, scoring at the network's size too (--score-at network of "
            "train, --at network of evaluate)"
          : "A smaller --batch needs less";
  for (std::size_t done = 0; done < items.size();) {
    const std::string which = fmt::format("while scoring {} and those after it, {} at a time",
                                          samples.item(items[done]).id, options.batch);
    done += within_memory(which, help, [&] {
      const Batch batch = *loader.next();
      score_batch(batch);
      return batch.items.size();
    });
    if (options.on_progress) options.on_progress("images scored", done, items.size());
  }
  return evaluation;
}

}  // namespace dmf
