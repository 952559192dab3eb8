#include "losses/metrics/surface_distance.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "engine/core/check.h"
#include "losses/distance/distance_transform.h"

namespace dmf {
namespace {

using Mask = std::span<const std::uint8_t>;

std::vector<std::uint8_t> boundary_of(Mask mask, int height, int width) {
  const auto at = [width](int h, int w) {
    return static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(w);
  };
  const auto inside = [&](int h, int w) {
    return h >= 0 && h < height && w >= 0 && w < width && mask[at(h, w)] != 0;
  };
  std::vector<std::uint8_t> boundary(mask.size());
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      const bool interior =
          inside(h - 1, w) && inside(h + 1, w) && inside(h, w - 1) && inside(h, w + 1);
      boundary[at(h, w)] = inside(h, w) && !interior;
    }
  }
  return boundary;
}

void append_distances(Mask from, Mask to, int height, int width,
                      const std::array<double, 2>& spacing, std::vector<double>& distances) {
  const std::vector<double> squares = squared_distances(to, height, width, spacing);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 0) distances.push_back(std::sqrt(squares[i]));
  }
}

}  // namespace

SurfaceDistance surface_distance(Mask truth, Mask prediction, int height, int width,
                                 const std::array<double, 2>& spacing) {
  const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  DMF_CHECK(truth.size() == pixels && prediction.size() == pixels, ShapeError,
            "[surface_distance] masks of {} and {} pixels: expected {} x {}.", truth.size(),
            prediction.size(), height, width);
  const auto empty = [](Mask mask) {
    return std::all_of(mask.begin(), mask.end(), [](std::uint8_t m) { return m == 0; });
  };
  if (empty(truth) && empty(prediction)) return {};
  if (empty(truth) || empty(prediction)) {
    const double diagonal = std::hypot(spacing[0] * height, spacing[1] * width);
    return {diagonal, diagonal, true};
  }
  const auto a = boundary_of(truth, height, width), b = boundary_of(prediction, height, width);
  std::vector<double> distances;
  append_distances(a, b, height, width, spacing, distances);
  append_distances(b, a, height, width, spacing, distances);
  std::sort(distances.begin(), distances.end());
  const double rank = 0.95 * static_cast<double>(distances.size() - 1);
  const auto low = static_cast<std::size_t>(rank), high = std::min(low + 1, distances.size() - 1);
  const double fraction = rank - static_cast<double>(low);
  const double sum = std::accumulate(distances.begin(), distances.end(), 0.0);
  return {distances[low] + fraction * (distances[high] - distances[low]),
          sum / static_cast<double>(distances.size()), false};
}

}  // namespace dmf
