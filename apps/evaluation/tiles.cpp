#include "apps/evaluation/tiles.h"

#include <algorithm>
#include <cmath>

namespace dmf {
namespace {

/// The rows of an opinion's map that windows still add to: at a pixel the weighted sum of each class,
/// then that of the weights.
class Band {
 public:
  Band(int window, int width, int classes)
      : width_(static_cast<std::size_t>(width)),
        slots_(static_cast<std::size_t>(classes) + 1),
        weights_(window_weights(window)),
        sums_(weights_.size() * width_ * slots_, 0.0) {}

  /// The window whose first column is `left`; what of it lies outside the image is left out.
  void add(const Image& seen, int left) {
    const std::size_t S = weights_.size(), first = static_cast<std::size_t>(left);
    for (std::size_t h = 0; h < S; ++h) {
      for (std::size_t w = 0; w < std::min(S, width_ - first); ++w) {
        const double weight = weights_[h] * weights_[w];
        const float* p = seen.pixels.data() + (h * S + w) * (slots_ - 1);
        double* sum = sums_.data() + (h * width_ + first + w) * slots_;
        for (std::size_t c = 0; c + 1 < slots_; ++c) sum[c] += weight * static_cast<double>(p[c]);
        sum[slots_ - 1] += weight;
      }
    }
  }

  /// The first rows are done: they become the image's from `row` on, and the others move up.
  void finish(std::size_t rows, Image& image, std::size_t row) {
    const std::size_t pixels = rows * width_;
    float* into = image.pixels.data() + row * width_ * (slots_ - 1);
    for (std::size_t i = 0; i < pixels; ++i) {
      const double* sum = sums_.data() + i * slots_;
      for (std::size_t c = 0; c + 1 < slots_; ++c) {
        *into++ = static_cast<float>(sum[c] / sum[slots_ - 1]);
      }
    }
    const auto rest = std::copy(sums_.begin() + static_cast<std::ptrdiff_t>(pixels * slots_),
                                sums_.end(), sums_.begin());
    std::fill(rest, sums_.end(), 0.0);
  }

 private:
  std::size_t width_, slots_;
  std::vector<double> weights_;
  std::vector<double> sums_;
};

/// The windows of these corners.
Tensor<float> cut(const Image& image, int top, std::span<const int> lefts, int window) {
  const int C = image.channels;
  Tensor<float> windows(Shape{std::ssize(lefts), window, window, C});  // zeros
  const int rows = std::min(window, image.height - top);
  for (std::size_t k = 0; k < lefts.size(); ++k) {
    const int columns = std::min(window, image.width - lefts[k]);
    for (int h = 0; h < rows; ++h) {
      std::copy_n(&image.pixels[image.index(top + h, lefts[k])], columns * C,
                  windows.data() + (static_cast<Index>(k) * window + h) * window * C);
    }
  }
  return windows;
}

}  // namespace

std::vector<int> window_starts(int length, int window) {
  if (length <= window) return {0};
  const int step = std::max(1, window / 2), path = length - window;
  const int steps = (path + step - 1) / step;
  std::vector<int> starts;
  for (int k = 0; k <= steps; ++k) {
    starts.push_back(static_cast<int>(std::int64_t{k} * path / steps));
  }
  return starts;
}

std::vector<double> window_weights(int window) {
  const double middle = (window - 1) / 2.0, sigma = window / 8.0;
  std::vector<double> weights;
  for (int i = 0; i < window; ++i) {
    const double z = (i - middle) / sigma;
    weights.push_back(std::exp(-z * z / 2));
  }
  return weights;
}

std::vector<Image> opinions_in_tiles(const Predictor& predictor, const Image& image, int window,
                                     int batch) {
  const std::vector<int> tops = window_starts(image.height, window),
                         lefts = window_starts(image.width, window);
  const std::size_t count = predictor.opinions();
  std::vector<Image> maps(count, Image(image.height, image.width, predictor.classes()));
  std::vector<Band> bands(count, Band(window, image.width, predictor.classes()));
  for (std::size_t t = 0; t < tops.size(); ++t) {
    for (std::size_t l = 0; l < lefts.size(); l += static_cast<std::size_t>(batch)) {
      const auto now =
          std::span(lefts).subspan(l, std::min(static_cast<std::size_t>(batch), lefts.size() - l));
      const auto seen = predictor.opinions_of(cut(image, tops[t], now, window));
      for (std::size_t m = 0; m < count; ++m) {
        for (std::size_t k = 0; k < now.size(); ++k) bands[m].add(seen[m][k], now[k]);
      }
    }
    const int next = t + 1 < tops.size() ? tops[t + 1] : image.height;
    for (std::size_t m = 0; m < count; ++m) {
      bands[m].finish(static_cast<std::size_t>(next - tops[t]), maps[m],
                      static_cast<std::size_t>(tops[t]));
    }
  }
  return maps;
}

}  // namespace dmf
