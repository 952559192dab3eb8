#include "losses/distance/distance_transform.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dmf {
namespace {

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

}  // namespace

std::vector<double> squared_distances(std::span<const std::uint8_t> mask, int height, int width,
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

std::vector<double> border_distances(std::span<const std::uint8_t> mask, int height, int width) {
  std::vector<std::uint8_t> rest;
  for (const std::uint8_t inside : mask) rest.push_back(inside == 0 ? 1 : 0);
  std::vector<double> distances = squared_distances(mask, height, width);
  const std::vector<double> to_rest = squared_distances(rest, height, width);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    const double square = mask[i] != 0 ? to_rest[i] : distances[i];
    distances[i] = std::isfinite(square) ? std::sqrt(square) : 0.0;
  }
  return distances;
}

}  // namespace dmf
