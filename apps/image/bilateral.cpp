#include "apps/image/bilateral.h"

#include <cmath>

#include "engine/core/check.h"

namespace dmf {
namespace {

/// Index -1 is 1, -2 is 2, n is n - 2, again and again until inside; 0 where n is 1.
int mirrored(int i, int n) {
  if (n == 1) return 0;
  const int period = 2 * (n - 1);
  i = (i % period + period) % period;
  return i < n ? i : period - i;
}

struct Neighbour {
  int dh, dw;
  double weight;
};

}  // namespace

template <class T>
std::vector<T> bilateral_filter(const std::vector<T>& pixels, int height, int width,
                                const BilateralSpec& spec) {
  DMF_CHECK(spec.diameter >= 1 && spec.diameter <= 99, ValueError,
            "[bilateral] diameter {}: expected 1 to 99.", spec.diameter);
  DMF_CHECK(spec.sigma_space > 0.0 && spec.sigma_range > 0.0, ValueError,
            "[bilateral] sigma_space {}, sigma_range {}: expected > 0.", spec.sigma_space,
            spec.sigma_range);
  const int r = spec.diameter / 2;
  std::vector<Neighbour> window;
  for (int dh = -r; dh <= r; ++dh) {
    for (int dw = -r; dw <= r; ++dw) {
      const int squared = dh * dh + dw * dw;
      if (!spec.square && squared > r * r) continue;
      window.push_back({dh, dw, std::exp(-squared / (2.0 * spec.sigma_space * spec.sigma_space))});
    }
  }
  const auto at = [&](int h, int w) {
    return static_cast<double>(
        pixels[static_cast<std::size_t>(mirrored(h, height)) * static_cast<std::size_t>(width) +
               static_cast<std::size_t>(mirrored(w, width))]);
  };
  std::vector<T> result;
  result.reserve(pixels.size());
  const double range = -1.0 / (2.0 * spec.sigma_range * spec.sigma_range);
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      const double centre = at(h, w);
      double sum = 0.0, weights = 0.0;
      for (const Neighbour& n : window) {
        const double value = at(h + n.dh, w + n.dw), difference = value - centre;
        const double k = n.weight * std::exp(range * difference * difference);
        sum += k * value;
        weights += k;
      }
      result.push_back(static_cast<T>(sum / weights));
    }
  }
  return result;
}

Image bilateral_filter(const Image& image, const BilateralSpec& spec) {
  Image result(image.height, image.width, image.channels);
  std::vector<float> plane(image.pixels.size() / static_cast<std::size_t>(image.channels));
  const auto C = static_cast<std::size_t>(image.channels);
  for (std::size_t c = 0; c < C; ++c) {
    for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = image.pixels[i * C + c];
    const std::vector<float> filtered = bilateral_filter(plane, image.height, image.width, spec);
    for (std::size_t i = 0; i < plane.size(); ++i) result.pixels[i * C + c] = filtered[i];
  }
  return result;
}

template std::vector<float> bilateral_filter(const std::vector<float>&, int, int,
                                             const BilateralSpec&);
template std::vector<double> bilateral_filter(const std::vector<double>&, int, int,
                                              const BilateralSpec&);

}  // namespace dmf
