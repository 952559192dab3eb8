#include "apps/training/evaluation.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/core/check.h"
#include "engine/ops/softmax.h"

namespace dmf {
namespace {

std::vector<std::uint8_t> lesion_mask(const LabelMap& labels) {
  std::vector<std::uint8_t> mask;
  mask.reserve(labels.labels.size());
  for (const std::int32_t label : labels.labels) mask.push_back(label > 0 ? 1 : 0);
  return mask;
}

ImageScore score_image(std::size_t item, const LabelMap& truth, const LabelMap& prediction,
                       int classes, bool surfaces) {
  ImageScore s{item, ConfusionMatrix(classes), false, false, 0.0, 0.0, {}};
  s.confusion.add(truth.labels, prediction.labels);
  const auto a = lesion_mask(truth), b = lesion_mask(prediction);
  std::int64_t both = 0, in_truth = 0, in_prediction = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    both += a[i] & b[i];
    in_truth += a[i];
    in_prediction += b[i];
  }
  s.has_lesion = in_truth > 0;
  s.predicted_lesion = in_prediction > 0;
  const auto overlap = static_cast<double>(both),
             sum = static_cast<double>(in_truth + in_prediction);
  if (sum > 0.0) {
    s.lesion_dice = 2.0 * overlap / sum;
    s.lesion_iou = overlap / (sum - overlap);
  }
  if (surfaces && s.has_lesion) s.surface = surface_distance(a, b, truth.height, truth.width);
  return s;
}

void summarise(Evaluation& evaluation) {
  evaluation.pooled = score(evaluation.confusion, 0.0);
  std::size_t alarms = 0;
  for (const ImageScore& s : evaluation.images) {
    if (!s.has_lesion) {
      ++evaluation.without_lesion;
      alarms += s.predicted_lesion ? 1 : 0;
      continue;
    }
    ++evaluation.with_lesion;
    evaluation.missed += s.predicted_lesion ? 0 : 1;
    evaluation.lesion_dice_per_image += s.lesion_dice;
    evaluation.lesion_iou_per_image += s.lesion_iou;
    evaluation.hd95 += s.surface.hd95;
    evaluation.surface_distance += s.surface.average;
  }
  const auto n = static_cast<double>(std::max<std::size_t>(evaluation.with_lesion, 1));
  for (double* mean : {&evaluation.lesion_dice_per_image, &evaluation.lesion_iou_per_image,
                       &evaluation.hd95, &evaluation.surface_distance}) {
    *mean /= n;
  }
  evaluation.false_positive_rate =
      static_cast<double>(alarms) /
      static_cast<double>(std::max<std::size_t>(evaluation.without_lesion, 1));
}

}  // namespace

Variable<float> evaluation_logits(UNet<float>& network, const Tensor<float>& images) {
  const bool was_training = network.training();
  network.train(false);
  const NoGrad no_grad;
  Variable<float> logits = network.forward(Variable<float>(images));
  network.train(was_training);
  return logits;
}

std::vector<Image> to_probabilities(const Variable<float>& logits) {
  const Tensor<float> probabilities = softmax(logits).value();
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

Evaluation evaluate(UNet<float>& network, const SampleSet& samples,
                    const std::vector<std::size_t>& items, const EvaluationOptions& options) {
  const auto classes = static_cast<int>(network.spec().classes);
  Evaluation evaluation{ConfusionMatrix(classes), {}, {}};
  Loader loader(samples, items, {.batch = options.batch});
  while (const std::optional<Batch> batch = loader.next()) {
    const Variable<float> logits = evaluation_logits(network, batch->images);
    if (options.observer) options.observer(logits, *batch);
    const std::vector<Image> predictions = to_probabilities(logits);
    for (std::size_t k = 0; k < predictions.size(); ++k) {
      const std::size_t item = batch->items[k];
      Image scores = predictions[k];
      LabelMap truth;
      if (options.at_original != nullptr) {
        truth = read_labels(samples.item(item), samples.mask_rule());
        scores = restore_size(scores, *options.at_original, truth.height, truth.width);
      } else {
        truth = samples.sample(item).labels;
      }
      evaluation.images.push_back(
          score_image(item, truth, likeliest(scores), classes, options.surfaces));
      evaluation.confusion += evaluation.images.back().confusion;
    }
  }
  summarise(evaluation);
  return evaluation;
}

nlohmann::ordered_json Evaluation::to_json() const {
  const auto family = [](const Scores::Family& f) {
    return nlohmann::ordered_json{{"mean_over_classes", f.mean}, {"per_class", f.per_class}};
  };
  return {
      {"images", images.size()},
      {"pooled",
       {{"dice", family(pooled.dice)},
        {"iou", family(pooled.iou)},
        {"precision", family(pooled.precision)},
        {"recall", family(pooled.recall)},
        {"accuracy", family(pooled.accuracy)},
        {"specificity", family(pooled.specificity)},
        {"f1", pooled.f1},
        {"cb_dice", pooled.cb_dice}}},
      {"per_image",
       {{"images_with_lesion", with_lesion},
        {"lesion_dice", lesion_dice_per_image},
        {"lesion_iou", lesion_iou_per_image},
        {"hd95_pixels", hd95},
        {"average_surface_distance_pixels", surface_distance},
        {"missed_lesions", missed}}},
      {"lesion_free", {{"images", without_lesion}, {"false_positive_rate", false_positive_rate}}}};
}

std::string Evaluation::table(const std::string& title) const {
  std::string text = title + "\n";
  text += fmt::format("  {:<34} {:>12} {:>12}\n", "pooled over all pixels of the set", "class mean",
                      pooled.dice.per_class.size() == 2 ? "lesion" : "class 1");
  const auto row = [&text](const char* name, const Scores::Family& f) {
    text += fmt::format("  {:<34} {:>12.4f} {:>12.4f}\n", name, f.mean, f.per_class[1]);
  };
  row("  Dice", pooled.dice);
  row("  IoU", pooled.iou);
  row("  precision", pooled.precision);
  row("  recall", pooled.recall);
  row("  specificity", pooled.specificity);
  row("  accuracy", pooled.accuracy);
  text += fmt::format("  {:<34} {:>12.4f}\n", "  F1", pooled.f1);
  text += fmt::format("  {:<34} {:>12.4f}\n", "  CB-Dice", pooled.cb_dice);
  text += fmt::format("  {:<34} {:>12} {:>12}\n",
                      fmt::format("mean over {} images with lesion", with_lesion), "", "lesion");
  const auto lesion_row = [&text](const char* name, double value, int digits) {
    text += fmt::format("  {:<34} {:>12} {:>12.{}f}\n", name, "", value, digits);
  };
  lesion_row("  Dice", lesion_dice_per_image, 4);
  lesion_row("  IoU", lesion_iou_per_image, 4);
  lesion_row("  95 % Hausdorff distance, pixels", hd95, 2);
  lesion_row("  average surface distance, pixels", surface_distance, 2);
  text += fmt::format("  {:<34} {:>12} {:>12}\n", "  missed lesions", "", missed);
  if (without_lesion > 0) {
    text += fmt::format("  {:<34} {:>12} {:>12.4f}\n",
                        fmt::format("false-positive rate on {} lesion-free", without_lesion), "",
                        false_positive_rate);
  }
  return text;
}

}  // namespace dmf
