#include "apps/prediction/segment.h"

#include <algorithm>

#include "apps/evaluation/evaluation.h"
#include "apps/evaluation/panels.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/upright.h"
#include "engine/io/safetensors.h"

namespace dmf {

Segmented segment(Model& model, const std::filesystem::path& image, int frame, bool floats) {
  const RawImage raw = upright(read_image(image, frame));
  const Sample sample{preprocess(raw, model.preprocess),
                      LabelMap(model.preprocess.size, model.preprocess.size)};
  const auto logits = evaluation_logits(*model.network, stack_images({sample}));
  const Image scores =
      restore_size(to_probabilities(logits).front(), model.preprocess, raw.height, raw.width);
  Segmented result;
  result.warnings = raw.warnings;
  result.labels = likeliest(scores);
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
  const Picture tinted = overlay(to_intensities(raw, raw.channels >= 3 ? 3 : 1), result.labels);
  result.files["_overlay.png"] = encode_png(tinted.height, tinted.width, 3, tinted.samples);
  if (floats) {
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
