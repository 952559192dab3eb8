#include "apps/prediction/segment.h"

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

/// What the members make of an image, at the size that they see it at.
std::vector<Image> of_members(const Model& model, const RawImage& raw, double tiles) {
  const PreprocessSpec& spec = model.preprocess;
  if (tiles != 0.0) {
    return of_members_in_tiles(model.predictor(), preprocess_at_scale(raw, spec, tiles), spec.size,
                               kWindowsAtOnce);
  }
  const Sample sample{preprocess(raw, spec), LabelMap(spec.size, spec.size)};
  std::vector<Image> members;
  for (const auto& seen : model.predictor().of_members(stack_images({sample}))) {
    members.push_back(seen.front());
  }
  return members;
}

}  // namespace

Segmented segment(const Model& model, const std::filesystem::path& image, int frame,
                  const SegmentOptions& options) {
  const RawImage raw = upright(read_image(image, frame));
  const std::vector<Image> members = of_members(model, raw, options.tiles);
  const auto at_own_size = [&](const Image& map) {
    return options.tiles != 0.0 ? resize(map, raw.height, raw.width, Interpolation::linear)
                                : restore_size(map, model.preprocess, raw.height, raw.width);
  };
  const Image mean = at_own_size(mean_of(members));
  const Image scores = calibrated(mean, model.inference.temperature);
  Segmented result;
  result.warnings = raw.warnings;
  result.labels = to_labels(mean, model.inference);
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
  if (members.size() > 1) {
    const Image spread = at_own_size(disagreement(members));
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
