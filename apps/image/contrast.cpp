#include "apps/image/contrast.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr int kLevels = 256;
using Curve = std::array<double, kLevels>;  // what each level becomes

/// Where tile i of so many begins.
int first_of(int i, int tiles, int size) {
  return static_cast<int>(std::int64_t{i} * size / tiles);
}

Curve curve_of(const Image& image, int channel, int top, int bottom, int left, int right,
               double clip) {
  Curve counts{};
  for (int h = top; h < bottom; ++h) {
    for (int w = left; w < right; ++w) counts[to_byte(image.at(h, w, channel))] += 1.0;
  }
  const double pixels = static_cast<double>(bottom - top) * static_cast<double>(right - left);
  const double limit = std::max(1.0, clip * pixels / kLevels);
  double excess = 0.0;
  for (double& count : counts) {
    excess += std::max(0.0, count - limit);
    count = std::min(count, limit);
  }
  double sum = 0.0;
  for (double& count : counts) {
    sum += count + excess / kLevels;
    count = sum / pixels;
  }
  return counts;
}

/// The two tiles whose centres a pixel lies between, and the share of the second.
struct Between {
  int first, second;
  double share;
};
Between between(int at, int tiles, int size) {
  const auto centre = [&](int i) {
    return 0.5 * (first_of(i, tiles, size) + first_of(i + 1, tiles, size) - 1);
  };
  int second = 0;
  while (second < tiles && centre(second) < at) ++second;
  if (second == 0) return {0, 0, 0.0};
  if (second == tiles) return {tiles - 1, tiles - 1, 0.0};
  const double low = centre(second - 1), high = centre(second);
  return {second - 1, second, (at - low) / (high - low)};
}

}  // namespace

Image clahe(const Image& image, const ClaheSpec& spec) {
  DMF_CHECK(spec.clip > 0.0 && spec.tiles >= 1, ValueError,
            "[clahe] clip {}, {} tiles: expected above 0, and at least 1.", spec.clip, spec.tiles);
  const int rows = std::min(spec.tiles, image.height), columns = std::min(spec.tiles, image.width);
  Image result(image.height, image.width, image.channels);
  for (int channel = 0; channel < image.channels; ++channel) {
    std::vector<Curve> curves;
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) {
        curves.push_back(curve_of(
            image, channel, first_of(i, rows, image.height), first_of(i + 1, rows, image.height),
            first_of(j, columns, image.width), first_of(j + 1, columns, image.width), spec.clip));
      }
    }
    const auto curve = [&](int i, int j) -> const Curve& {
      return curves[static_cast<std::size_t>(i * columns + j)];
    };
    for (int h = 0; h < image.height; ++h) {
      const Between down = between(h, rows, image.height);
      for (int w = 0; w < image.width; ++w) {
        const Between across = between(w, columns, image.width);
        const std::size_t level = to_byte(image.at(h, w, channel));
        const auto along = [&](int i) {
          const double low = curve(i, across.first)[level];
          return low + across.share * (curve(i, across.second)[level] - low);
        };
        const double top = along(down.first);
        result.at(h, w, channel) =
            static_cast<float>(top + down.share * (along(down.second) - top));
      }
    }
  }
  return result;
}

Image standardise(const Image& image) {
  constexpr double kReach = 3.0;  // standard deviations from the mean to black and to white
  const auto count = static_cast<double>(image.pixels.size());
  double sum = 0.0, squares = 0.0;
  for (const float x : image.pixels) sum += static_cast<double>(x);
  const double mean = sum / count;
  for (const float x : image.pixels) {
    squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean);
  }
  const double deviation = std::sqrt(squares / count);
  Image result = image;
  for (float& x : result.pixels) {
    const double score = deviation > 0.0 ? (static_cast<double>(x) - mean) / deviation : 0.0;
    x = static_cast<float>(std::clamp(0.5 + score / (2.0 * kReach), 0.0, 1.0));
  }
  return result;
}

}  // namespace dmf
