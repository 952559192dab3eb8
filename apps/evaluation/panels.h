#pragma once

#include <filesystem>
#include <string>

#include "apps/data/samples.h"
#include "apps/evaluation/predictor.h"

namespace dmf {

/// 8-bit RGB, [height, width, 3].
struct Picture {
  int height, width;
  std::vector<std::uint8_t> samples;
};

/// The image with every lesion tinted and outlined. Classes above 1 take further colours.
Picture overlay(const Image& image, const LabelMap& labels);

constexpr int kPanelGap = 8;  // pixels between the parts

/// What an item's panel is called, without an ending.
std::string panel_name(std::string id);

/// Image, truth and prediction side by side.
Picture panel(const Image& image, const LabelMap& truth, const LabelMap& prediction);

/// What the network makes of an item, beside its image and truth.
Picture panel_of(const Predictor& predictor, const SampleSet& samples, std::size_t item);

void write_png(const std::filesystem::path& path, const Picture& picture);

}  // namespace dmf
