#include "apps/image/preprocess.h"

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {
namespace {

template <class T>
std::vector<T> padded(const std::vector<T>& pixels, const Placement& place, int size,
                      std::size_t channels) {
  const auto S = static_cast<std::size_t>(size), W = static_cast<std::size_t>(place.width);
  std::vector<T> result(S * S * channels);
  for (std::size_t h = 0; h < static_cast<std::size_t>(place.height); ++h) {
    std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(h * W * channels), W * channels,
                result.begin() + static_cast<std::ptrdiff_t>(h * S * channels));
  }
  return result;
}

/// Without what pads it.
Image at_size(const RawImage& raw, const PreprocessSpec& spec, int height, int width) {
  Image image = to_intensities(raw, spec.channels);
  if (spec.white_level > 0 && raw.largest > 255) {
    const float scale = static_cast<float>(raw.largest) / static_cast<float>(spec.white_level);
    for (float& intensity : image.pixels) intensity = std::min(intensity * scale, 1.0f);
  }
  image = resize(image, height, width, spec.interpolation);
  if (spec.bilateral) image = bilateral_filter(image, spec.filter);
  if (spec.clahe) image = clahe(image, spec.equalisation);
  if (spec.standardise) image = standardise(image);
  return image;
}

}  // namespace

Metadata PreprocessSpec::to_metadata() const {
  Metadata metadata = {{"preprocess.size", fmt::format("{}", size)},
                       {"preprocess.channels", fmt::format("{}", channels)},
                       {"preprocess.interpolation", name_of(kInterpolations, interpolation)},
                       {"preprocess.label_resize", name_of(kLabelResizes, label_resize)},
                       {"preprocess.keep_aspect", keep_aspect ? "1" : "0"},
                       {"preprocess.bilateral", bilateral ? "1" : "0"},
                       {"preprocess.bilateral_d", fmt::format("{}", filter.diameter)},
                       {"preprocess.bilateral_sigma_space", fmt::format("{}", filter.sigma_space)},
                       {"preprocess.bilateral_sigma_range", fmt::format("{}", filter.sigma_range)},
                       {"preprocess.bilateral_square", filter.square ? "1" : "0"},
                       {"preprocess.white_level", fmt::format("{}", white_level)}};
  // Only where they are used: older programs go on reading what they can.
  if (clahe) {
    metadata["preprocess.clahe_clip"] = fmt::format("{}", equalisation.clip);
    metadata["preprocess.clahe_tiles"] = fmt::format("{}", equalisation.tiles);
  }
  if (standardise) metadata.emplace("preprocess.standardise", "1");
  return metadata;
}

PreprocessSpec PreprocessSpec::from_metadata(const Metadata& metadata) {
  PreprocessSpec spec;
  spec.size = static_cast<int>(metadata_number(metadata, "preprocess.size", 1, 16384));
  spec.channels = static_cast<int>(metadata_number(metadata, "preprocess.channels", 1, 3));
  spec.interpolation =
      entry_named(kInterpolations, metadata_text(metadata, "preprocess.interpolation"), "resize")
          .value;
  // Versions before this key took the nearest label.
  const std::string labels = metadata.contains("preprocess.label_resize")
                                 ? metadata_text(metadata, "preprocess.label_resize")
                                 : "nearest";
  spec.label_resize = entry_named(kLabelResizes, labels, "label-resize").value;
  spec.keep_aspect = metadata_number(metadata, "preprocess.keep_aspect", 0, 1) != 0;
  spec.bilateral = metadata_number(metadata, "preprocess.bilateral", 0, 1) != 0;
  spec.filter.diameter =
      static_cast<int>(metadata_number(metadata, "preprocess.bilateral_d", 1, 99));
  spec.filter.sigma_space =
      metadata_number(metadata, "preprocess.bilateral_sigma_space", 1e-12, 1e12);
  spec.filter.sigma_range =
      metadata_number(metadata, "preprocess.bilateral_sigma_range", 1e-12, 1e12);
  spec.filter.square = metadata_number(metadata, "preprocess.bilateral_square", 0, 1) != 0;
  if (metadata.contains("preprocess.white_level")) {  // older files have none
    spec.white_level =
        static_cast<int>(metadata_number(metadata, "preprocess.white_level", 0, 65535));
  }
  spec.clahe = metadata.contains("preprocess.clahe_clip");
  if (spec.clahe) {
    spec.equalisation.clip = metadata_number(metadata, "preprocess.clahe_clip", 1e-12, 1e12);
    spec.equalisation.tiles =
        static_cast<int>(metadata_number(metadata, "preprocess.clahe_tiles", 1, 1024));
  }
  spec.standardise = metadata.contains("preprocess.standardise") &&
                     metadata_number(metadata, "preprocess.standardise", 0, 1) != 0;
  return spec;
}

Placement placement(const PreprocessSpec& spec, int height, int width) {
  if (!spec.keep_aspect) return {spec.size, spec.size};
  const double scale = static_cast<double>(spec.size) / std::max(height, width);
  const auto scaled = [&](int side) {
    return std::clamp(static_cast<int>(std::lround(side * scale)), 1, spec.size);
  };
  return {scaled(height), scaled(width)};
}

Image preprocess(const RawImage& raw, const PreprocessSpec& spec) {
  const Placement place = placement(spec, raw.height, raw.width);
  const Image image = at_size(raw, spec, place.height, place.width);
  Image result(spec.size, spec.size, spec.channels);
  result.pixels = padded(image.pixels, place, spec.size, static_cast<std::size_t>(spec.channels));
  return result;
}

Image preprocess_at_scale(const RawImage& raw, const PreprocessSpec& spec, double scale) {
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  return at_size(raw, spec, scaled(raw.height), scaled(raw.width));
}

ResizedLabels preprocess(const LabelMap& labels, const PreprocessSpec& spec, int ignored) {
  const Placement place = placement(spec, labels.height, labels.width);
  ResizedLabels result =
      resize_labels(labels, place.height, place.width, spec.label_resize, ignored);
  result.labels.labels = padded(result.labels.labels, place, spec.size, 1);
  result.labels.height = result.labels.width = spec.size;
  return result;
}

Image preprocess_probabilities(const Image& lesion, const PreprocessSpec& spec) {
  const Placement place = placement(spec, lesion.height, lesion.width);
  Image result(spec.size, spec.size, 1);
  result.pixels = padded(resize(lesion, place.height, place.width, spec.interpolation).pixels,
                         place, spec.size, 1);
  return result;
}

Image restore_size(const Image& scores, const PreprocessSpec& spec, int height, int width) {
  const Placement place = placement(spec, height, width);
  Image cut(place.height, place.width, scores.channels);
  for (int h = 0; h < place.height; ++h) {
    for (int w = 0; w < place.width; ++w) {
      for (int c = 0; c < scores.channels; ++c) cut.at(h, w, c) = scores.at(h, w, c);
    }
  }
  return resize(cut, height, width, Interpolation::linear);
}

}  // namespace dmf
