#pragma once

#include <filesystem>

#include "apps/data/image.h"

namespace dmf {

/// 8-bit RGB, [height, width, 3].
struct Picture {
  int height, width;
  std::vector<std::uint8_t> samples;
};

/// The image with every lesion tinted and outlined. Classes above 1 take further colours.
Picture overlay(const Image& image, const LabelMap& labels);

/// Image, truth and prediction side by side, magnified by a whole number to about 256 pixels each.
Picture panel(const Image& image, const LabelMap& truth, const LabelMap& prediction);

void write_png(const std::filesystem::path& path, const Picture& picture);

}  // namespace dmf
