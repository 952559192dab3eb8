#include "losses/surface_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/core/check.h"

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

/// min over q of f[q] + (s (p - q))^2 for every p: the lower envelope of parabolas
/// (Felzenszwalb & Huttenlocher, "Distance transforms of sampled functions", 2012).
///
/// spacing  s, between neighbours
void lower_envelope(std::vector<double>& f, double spacing) {
  const std::size_t n = f.size();
  const double square = spacing * spacing;
  std::vector<std::size_t> vertex;
  std::vector<double> start;  // where each parabola of the envelope begins to be the lowest
  for (std::size_t q = 0; q < n; ++q) {
    if (std::isinf(f[q])) continue;
    const auto x = static_cast<double>(q);
    double from = -std::numeric_limits<double>::infinity();
    while (!vertex.empty()) {
      const auto v = static_cast<double>(vertex.back());
      from = ((f[q] + square * x * x) - (f[vertex.back()] + square * v * v)) /
             (2.0 * square * (x - v));
      if (from > start.back()) break;
      vertex.pop_back();
      start.pop_back();
      from = -std::numeric_limits<double>::infinity();
    }
    vertex.push_back(q);
    start.push_back(from);
  }
  if (vertex.empty()) return;
  const std::vector<double> values = f;
  std::size_t k = 0;
  for (std::size_t p = 0; p < n; ++p) {
    while (k + 1 < vertex.size() && start[k + 1] < static_cast<double>(p)) ++k;
    const double distance = static_cast<double>(p) - static_cast<double>(vertex[k]);
    f[p] = values[vertex[k]] + square * distance * distance;
  }
}

/// Squared Euclidean distance of every pixel to the nearest non-zero one.
std::vector<double> squared_distances(Mask mask, int height, int width,
                                      const std::array<double, 2>& spacing) {
  const auto H = static_cast<std::size_t>(height), W = static_cast<std::size_t>(width);
  std::vector<double> squares(mask.size());
  for (std::size_t i = 0; i < mask.size(); ++i) {
    squares[i] = mask[i] != 0 ? 0.0 : std::numeric_limits<double>::infinity();
  }
  std::vector<double> line(H);
  for (std::size_t w = 0; w < W; ++w) {
    for (std::size_t h = 0; h < H; ++h) line[h] = squares[h * W + w];
    lower_envelope(line, spacing[0]);
    for (std::size_t h = 0; h < H; ++h) squares[h * W + w] = line[h];
  }
  line.resize(W);
  for (std::size_t h = 0; h < H; ++h) {
    std::copy_n(squares.begin() + static_cast<std::ptrdiff_t>(h * W), W, line.begin());
    lower_envelope(line, spacing[1]);
    std::copy_n(line.begin(), W, squares.begin() + static_cast<std::ptrdiff_t>(h * W));
  }
  return squares;
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
