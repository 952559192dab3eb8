#include "apps/prediction/segment.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/evaluation/calibration.h"
#include "apps/evaluation/evaluation.h"
#include "apps/evaluation/panels.h"
#include "apps/evaluation/tiles.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/upright.h"
#include "engine/io/safetensors.h"

namespace dmf {

namespace {

constexpr int kWindowsAtOnce = 8;  // few cores are kept waiting, and few images' memory is taken

/// What the model's opinions are of an image, at the size that it is seen at.
std::vector<Image> opinions_of(const Model& model, const RawImage& raw, double tiles) {
  const PreprocessSpec& spec = model.preprocess;
  if (tiles != 0.0) {
    return opinions_in_tiles(model.predictor(), preprocess_at_scale(raw, spec, tiles), spec.size,
                             kWindowsAtOnce);
  }
  const Sample sample{preprocess(raw, spec), LabelMap(spec.size, spec.size)};
  std::vector<Image> opinions;
  for (const auto& seen : model.predictor().opinions_of(stack_images({sample}))) {
    opinions.push_back(seen.front());
  }
  return opinions;
}

}  // namespace

std::string disagreement_text(const Model& model) {
  return fmt::format(
      "*_disagreement.png: the standard deviation over {} of a pixel's probability of a lesion, not "
      "calibrated. Grey 0 is 0, grey 255 is 0.5, the largest that there can be.\n",
      model.members.size() > 1
          ? fmt::format("{} networks", model.members.size())
          : fmt::format("{} looks of a network", model.predictor().opinions()));
}

Segmented segment(const Model& model, const std::filesystem::path& image, int frame,
                  const SegmentOptions& options) {
  const RawImage raw = upright(read_image(image, frame));
  const std::vector<Image> opinions = opinions_of(model, raw, options.tiles);
  const auto at_own_size = [&](const Image& map) {
    return options.tiles != 0.0 ? resize(map, raw.height, raw.width, Interpolation::linear)
                                : restore_size(map, model.preprocess, raw.height, raw.width);
  };
  const Image mean = at_own_size(mean_of(opinions));
  const Image scores = calibrated(mean, model.inference.temperature);
  Segmented result;
  result.warnings = raw.warnings;
  result.labels = to_labels(mean, scores, model.inference);
  const std::vector<std::int32_t>& labels = result.labels.labels;
  std::vector<std::uint8_t> grey(labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    grey[i] = static_cast<std::uint8_t>(scores.channels == 2 ? 255 * labels[i] : labels[i]);
  }
  result.files["_mask.png"] = encode_png(raw.height, raw.width, 1, grey);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    grey[i] = to_byte(1.0f - scores.pixels[i * static_cast<std::size_t>(scores.channels)]);
  }
  result.files["_probability.png"] = encode_png(raw.height, raw.width, 1, grey);
  if (options.disagreement) {
    const Image spread = at_own_size(disagreement(opinions));
    for (std::size_t i = 0; i < labels.size(); ++i) grey[i] = to_byte(spread.pixels[i]);
    result.files["_disagreement.png"] = encode_png(raw.height, raw.width, 1, grey);
  }
  const Picture tinted = overlay(to_intensities(raw, raw.channels >= 3 ? 3 : 1), result.labels);
  result.files["_overlay.png"] = encode_png(tinted.height, tinted.width, 3, tinted.samples);
  if (options.floats) {
    Safetensors file;
    file.set("probabilities", Tensor<float>::from(scores.pixels, Shape{scores.height, scores.width,
                                                                       scores.channels}));
    result.files["_probabilities.safetensors"] = to_bytes(file);
  }
  const auto lesion =
      std::count_if(labels.begin(), labels.end(), [](std::int32_t label) { return label > 0; });
  result.lesion_share = static_cast<double>(lesion) / static_cast<double>(labels.size());
  return result;
}

}  // namespace dmf
