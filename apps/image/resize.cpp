#include "apps/image/resize.h"

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {

std::vector<ResizeTaps> resize_taps(Interpolation mode, int in, int out) {
  std::vector<ResizeTaps> taps;
  const double scale = static_cast<double>(in) / out;
  for (int i = 0; i < out; ++i) {
    if (mode == Interpolation::area && out <= in) {
      const double begin = i * scale, end = (i + 1) * scale;
      const int first = std::min(static_cast<int>(begin), in - 1);
      const int last = std::min(static_cast<int>(std::ceil(end)), in);
      ResizeTaps tap{first, {}};
      for (int k = first; k < std::max(last, first + 1); ++k) {
        tap.weight.push_back((std::min<double>(k + 1, end) - std::max<double>(k, begin)) / scale);
      }
      taps.push_back(std::move(tap));
    } else {
      const double s = std::max((i + 0.5) * scale - 0.5, 0.0);
      const int first = std::min(static_cast<int>(s), in - 1);
      if (first + 1 < in) {
        taps.push_back({first, {1.0 - (s - first), s - first}});
      } else {
        taps.push_back({first, {1.0}});
      }
    }
  }
  return taps;
}

int nearest_index(int i, int in, int out) {
  return static_cast<int>((2 * std::int64_t{i} + 1) * in / (2 * std::int64_t{out}));
}

template <class T>
std::vector<T> resize_pixels(const std::vector<T>& pixels, int height, int width, int channels,
                             int out_height, int out_width, Interpolation mode) {
  const auto rows = resize_taps(mode, height, out_height);
  const auto cols = resize_taps(mode, width, out_width);
  const auto C = static_cast<std::size_t>(channels), W = static_cast<std::size_t>(width);
  const auto OW = static_cast<std::size_t>(out_width);
  std::vector<T> result(static_cast<std::size_t>(out_height) * OW * C);
  std::vector<double> line(W * C);  // one output row before its columns are resized
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::fill(line.begin(), line.end(), 0.0);
    for (std::size_t k = 0; k < rows[i].weight.size(); ++k) {
      const T* from = pixels.data() + (static_cast<std::size_t>(rows[i].first) + k) * W * C;
      for (std::size_t w = 0; w < W * C; ++w) {
        line[w] += rows[i].weight[k] * static_cast<double>(from[w]);
      }
    }
    for (std::size_t j = 0; j < OW; ++j) {
      for (std::size_t c = 0; c < C; ++c) {
        double value = 0.0;
        for (std::size_t k = 0; k < cols[j].weight.size(); ++k) {
          value += cols[j].weight[k] * line[(static_cast<std::size_t>(cols[j].first) + k) * C + c];
        }
        result[(i * OW + j) * C + c] = static_cast<T>(value);
      }
    }
  }
  return result;
}

Image resize(const Image& image, int height, int width, Interpolation mode) {
  Image result(height, width, image.channels);
  result.pixels =
      resize_pixels(image.pixels, image.height, image.width, image.channels, height, width, mode);
  return result;
}

template std::vector<float> resize_pixels(const std::vector<float>&, int, int, int, int, int,
                                          Interpolation);
template std::vector<double> resize_pixels(const std::vector<double>&, int, int, int, int, int,
                                           Interpolation);

}  // namespace dmf
