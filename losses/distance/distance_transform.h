#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace dmf {

/// Squared Euclidean distance of every pixel to the nearest one of a mask, exact; infinite for an
/// empty mask.
///
/// mask     [height, width], non-zero inside
/// spacing  between rows and between columns, above 0
std::vector<double> squared_distances(std::span<const std::uint8_t> mask, int height, int width,
                                      const std::array<double, 2>& spacing = {1.0, 1.0});

/// Euclidean distance of every pixel of a mask to the nearest one outside it, and of every one
/// outside to the nearest inside; 0 everywhere where the mask is empty or full.
std::vector<double> border_distances(std::span<const std::uint8_t> mask, int height, int width);

}  // namespace dmf
