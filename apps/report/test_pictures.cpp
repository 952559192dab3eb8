#include "apps/report/test_pictures.h"

#include <algorithm>
#include <array>
#include <functional>

#include "apps/evaluation/calibration.h"
#include "apps/image/codecs/image_file.h"
#include "apps/report/outline.h"

namespace dmf {
namespace {

LabelMap mask_where(int height, int width, const std::function<bool(std::size_t)>& inside) {
  LabelMap mask(height, width);
  for (std::size_t i = 0; i < mask.labels.size(); ++i) mask.labels[i] = inside(i) ? 1 : 0;
  return mask;
}

/// Of all masks, in their order: to the pixel where that is not too much for a page, else, as of the
/// speckle that a network finds which has hardly learnt, coarser.
///
/// most  letters of all
std::array<std::string, 6> outlines_of(std::array<LabelMap, 6> masks, std::size_t most) {
  for (int unit = 1;; unit *= 2) {
    std::array<std::string, 6> outlines;
    std::size_t letters = 0;
    for (std::size_t k = 0; k < masks.size(); ++k) {
      outlines[k] = outline_of(masks[k], unit);
      letters += outlines[k].size();
    }
    if (letters <= most || masks.front().height <= 1) return outlines;
    for (LabelMap& mask : masks) mask = halved(mask);
  }
}

std::string jpeg_of(const Image& image) {
  std::vector<std::uint8_t> samples;
  for (const float intensity : image.pixels) samples.push_back(to_byte(intensity));
  return encode_jpeg(image.height, image.width, image.channels, samples);
}

}  // namespace

TestPicture picture_of(const SampleSet& samples, std::size_t item, const Image& probabilities,
                       const Inference& inference, std::size_t of_pictures) {
  constexpr std::size_t kMostOfOne = 3000, kMostOfAll = 140000;
  Sample sample = samples.sample(item);
  const std::int32_t ignored = samples.mask_encoding().ignored;
  std::ranges::replace(sample.labels.labels, ignored, 0);  // is of no class
  const Image sure = calibrated(probabilities, inference.temperature);
  const LabelMap found = to_labels(probabilities, sure, inference);
  const auto in_truth = [&](std::size_t i) { return sample.labels.labels[i] > 0; };
  const auto in_found = [&](std::size_t i) { return found.labels[i] > 0; };
  const auto above = [&](float share) {
    return [&, share](std::size_t i) {
      return 1.0f - sure.pixels[i * static_cast<std::size_t>(sure.channels)] > share;
    };
  };
  const std::array<std::string, 6> outlines =
      outlines_of({mask_where(found.height, found.width, in_truth),
                   mask_where(found.height, found.width, in_found),
                   mask_where(found.height, found.width,
                              [&](std::size_t i) { return in_truth(i) && !in_found(i); }),
                   mask_where(found.height, found.width,
                              [&](std::size_t i) { return in_found(i) && !in_truth(i); }),
                   mask_where(found.height, found.width, above(0.75f)),
                   mask_where(found.height, found.width, above(0.25f))},
                  std::min(kMostOfOne, kMostOfAll / std::max<std::size_t>(of_pictures, 1)));
  const Picture panel = dmf::panel(sample.image, sample.labels, found);
  return {samples.item(item).id,
          found.height,
          found.width,
          jpeg_of(sample.image),
          outlines[0],
          outlines[1],
          outlines[2],
          outlines[3],
          outlines[4],
          outlines[5],
          encode_png(panel.height, panel.width, 3, panel.samples)};
}

}  // namespace dmf
