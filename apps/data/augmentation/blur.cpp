#include <algorithm>
#include <cmath>

#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

/// Weights at distances 0, 1, ... of a Gaussian that sums to 1 over both sides, up to 4 deviations.
std::vector<double> gaussian(double sigma) {
  std::vector<double> weights;
  double sum = 0.0;
  for (int k = 0; k <= static_cast<int>(std::ceil(4.0 * sigma)); ++k) {
    weights.push_back(std::exp(-0.5 * k * k / (sigma * sigma)));
    sum += (k == 0 ? 1.0 : 2.0) * weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// Smooths along one axis; the outermost pixel goes on outside.
Image smoothed(const Image& from, const std::vector<double>& weights, bool down) {
  Image to = from;
  const int reach = static_cast<int>(weights.size()) - 1;
  for (int h = 0; h < from.height; ++h) {
    for (int w = 0; w < from.width; ++w) {
      for (int c = 0; c < from.channels; ++c) {
        double value = 0.0;
        for (int k = -reach; k <= reach; ++k) {
          const int row = down ? std::clamp(h + k, 0, from.height - 1) : h;
          const int col = down ? w : std::clamp(w + k, 0, from.width - 1);
          value += weights[static_cast<std::size_t>(std::abs(k))] *
                   static_cast<double>(from.at(row, col, c));
        }
        to.at(h, w, c) = static_cast<float>(value);
      }
    }
  }
  return to;
}

void change(Image& image, TransformDraws& draws) {
  const double sigma = draws.drawn("sigma");
  if (sigma < 0.05) return;  // a neighbour would weigh less than e^-200
  const std::vector<double> weights = gaussian(sigma);
  image = smoothed(smoothed(image, weights, true), weights, false);
  map_pixels(image, [](double v) { return v; });
}

}  // namespace

const Transform blur_transform = {.name = "blur",
                                  .help = "smooths with a Gaussian",
                                  .probability = 0.1,
                                  .settings = {{{"sigma",
                                                 std::vector<double>{0.5, 1.0},
                                                 "its standard deviation",
                                                 {.least = 0.0, .most = 16.0}},
                                                "pixels"}},
                                  .change = change};

}  // namespace dmf
