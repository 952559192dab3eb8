#include "losses/cross_entropy/border_weights.h"

#include <cmath>
#include <limits>
#include <utility>

#include "losses/distance/distance_transform.h"

namespace dmf {
namespace {

/// Marks the object that the pixel belongs to in `mask`, and as `seen`.
void mark_object(std::span<const std::int32_t> labels, std::size_t width, std::size_t pixel,
                 std::vector<std::uint8_t>& mask, std::vector<bool>& seen) {
  std::vector<std::size_t> open = {pixel};
  seen[pixel] = true;
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    mask[at] = 1;
    const auto visit = [&](bool exists, std::size_t next) {
      if (!exists || seen[next] || labels[next] != labels[at]) return;
      seen[next] = true;
      open.push_back(next);
    };
    visit(at >= width, at - width);
    visit(at + width < labels.size(), at + width);
    visit(at % width > 0, at - 1);
    visit(at % width + 1 < width, at + 1);
  }
}

}  // namespace

std::vector<double> border_weights(std::span<const std::int32_t> labels, int height, int width,
                                   double sigma, int nearest) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  std::vector<std::pair<double, double>> two(labels.size(), {kNone, kNone});
  std::vector<bool> seen(labels.size());
  for (std::size_t pixel = 0; pixel < labels.size(); ++pixel) {
    if (labels[pixel] <= 0 || seen[pixel]) continue;
    std::vector<std::uint8_t> mask(labels.size());
    mark_object(labels, static_cast<std::size_t>(width), pixel, mask, seen);
    const std::vector<double> distances = border_distances(mask, height, width);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      auto& [first, second] = two[i];
      if (distances[i] == 0.0) continue;  // an object that fills the image has no border
      second = std::min(second, std::max(first, distances[i]));
      first = std::min(first, distances[i]);
    }
  }
  std::vector<double> weights;
  for (const auto& [first, second] : two) {
    const double d = nearest == 1 ? first : first + second;
    weights.push_back(std::exp(-d * d / (2.0 * sigma * sigma)));
  }
  return weights;
}

}  // namespace dmf
