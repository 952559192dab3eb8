#include "apps/inspection/image_facts.h"

#include <algorithm>
#include <cmath>

#include "apps/evaluation/panels.h"
#include "apps/image/codecs/image_file.h"

namespace dmf {
namespace {

/// How far the channels of a pixel may lie apart in a grey image, of 255: JPEG does that much.
constexpr int kGreyWithin = 24;

void look_at_pixels(const RawImage& raw, ImageFacts& facts) {
  std::size_t coloured = 0, saturated = 0;
  for (int h = 0; h < raw.height; ++h) {
    for (int w = 0; w < raw.width; ++w) {
      const int r = raw.at(h, w, 0);
      const int g = raw.channels >= 3 ? raw.at(h, w, 1) : r;
      const int b = raw.channels >= 3 ? raw.at(h, w, 2) : r;
      const auto [least, most] = std::minmax({r, g, b});
      coloured += (most - least) * 255 > kGreyWithin * raw.largest ? 1 : 0;
      saturated += least >= raw.largest ? 1 : 0;
    }
  }
  std::vector<float> pixels = to_intensities(raw, 1).pixels;
  const auto percentile = [&](std::size_t percent) {
    const std::size_t rank = (pixels.size() - 1) * percent / 100;
    std::nth_element(pixels.begin(), pixels.begin() + static_cast<std::ptrdiff_t>(rank),
                     pixels.end());
    return static_cast<double>(pixels[rank]);
  };
  const auto all = static_cast<double>(pixels.size());
  facts.coloured = static_cast<double>(coloured) / all;
  facts.saturated = static_cast<double>(saturated) / all;
  facts.contrast = percentile(99) - percentile(1);
}

std::string thumbnail_of(const RawImage& raw, const LabelMap& labels, int side) {
  const int longer = std::max(raw.height, raw.width);
  const auto scaled = [&](int length) {
    return longer <= side ? length : std::max(1, length * side / longer);
  };
  const int height = scaled(raw.height), width = scaled(raw.width);
  const Image small =
      resize(to_intensities(raw, raw.channels >= 3 ? 3 : 1), height, width, Interpolation::area);
  const Picture picture =
      overlay(small, resize_labels(labels, height, width, LabelResize::share).labels);
  return encode_jpeg(picture.height, picture.width, 3, picture.samples);
}

}  // namespace

ImageFacts look_at(const SampleSet& samples, std::size_t item, int side) {
  ImageFacts facts;
  facts.id = samples.item(item).id;
  const auto [raw, labels] = samples.own(item);
  facts.height = raw.height;
  facts.width = raw.width;
  facts.channels = raw.channels;
  facts.bits = raw.bits;
  facts.format = raw.format;
  facts.orientation = raw.orientation;
  facts.warnings = raw.warnings;
  facts.lesion_share = samples.lesions(item).share;
  facts.lesions = lesion_sizes(labels, samples.mask_encoding().ignored);
  facts.below_a_pixel = samples.lesions(item).kept + samples.lesions(item).lost;
  look_at_pixels(raw, facts);
  facts.thumbnail = thumbnail_of(raw, labels, side);
  return facts;
}

}  // namespace dmf
