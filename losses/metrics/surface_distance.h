#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace dmf {

/// How far two outlines lie apart, in pixels or in what the spacing is in.
struct SurfaceDistance {
  double hd95 = 0.0;     // 95 % Hausdorff distance
  double average = 0.0;  // average symmetric surface distance
  bool missed = false;   // exactly one of the masks is empty: both distances are the image diagonal
};

/// A mask's boundary is its pixels with one of the four neighbours outside the mask; the world
/// outside the image counts as outside. From every boundary pixel of either mask the Euclidean
/// distance to the nearest boundary pixel of the other is taken, and both sets are pooled:
/// `average` is their mean, `hd95` their 95th percentile (linear between the two nearest ranks).
/// Two empty masks agree: both distances are 0.
///
/// truth, prediction  [height, width], non-zero inside
/// spacing            between rows and between columns, above 0: millimetres give millimetres
/// throws             ShapeError unless both have height * width elements
SurfaceDistance surface_distance(std::span<const std::uint8_t> truth,
                                 std::span<const std::uint8_t> prediction, int height, int width,
                                 const std::array<double, 2>& spacing = {1.0, 1.0});

}  // namespace dmf
