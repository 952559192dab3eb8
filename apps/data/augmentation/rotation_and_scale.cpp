#include <cmath>
#include <numbers>

#include "apps/data/augmentation/augmentation.h"

namespace dmf {
namespace {

/// Rotates by `angle` and scales by `factor` about the centre.
void rotate_and_scale(Sample& sample, double angle, double factor) {
  const Image image = sample.image;
  const LabelMap labels = sample.labels;
  const double centre_h = 0.5 * (image.height - 1), centre_w = 0.5 * (image.width - 1);
  const double cosine = std::cos(angle) / factor, sine = std::sin(angle) / factor;
  const auto pixel = [&image](int h, int w, int c) {
    return h >= 0 && h < image.height && w >= 0 && w < image.width
               ? static_cast<double>(image.at(h, w, c))
               : 0.0;
  };
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width; ++w) {
      const double dh = h - centre_h, dw = w - centre_w;
      const double from_h = centre_h + cosine * dh - sine * dw;
      const double from_w = centre_w + sine * dh + cosine * dw;
      const int h0 = static_cast<int>(std::floor(from_h)),
                w0 = static_cast<int>(std::floor(from_w));
      const double fh = from_h - h0, fw = from_w - w0;
      for (int c = 0; c < image.channels; ++c) {
        const double top = (1.0 - fw) * pixel(h0, w0, c) + fw * pixel(h0, w0 + 1, c);
        const double bottom = (1.0 - fw) * pixel(h0 + 1, w0, c) + fw * pixel(h0 + 1, w0 + 1, c);
        sample.image.at(h, w, c) = static_cast<float>((1.0 - fh) * top + fh * bottom);
      }
      const int nh = static_cast<int>(std::lround(from_h)),
                nw = static_cast<int>(std::lround(from_w));
      const bool inside = nh >= 0 && nh < labels.height && nw >= 0 && nw < labels.width;
      sample.labels.at(h, w) = inside ? labels.at(nh, nw) : 0;
    }
  }
}

/// By degrees and by a factor, each for half of the images, in one interpolation.
void change(Sample& sample, const std::vector<Drawn>& settings, Rng& rng) {
  const bool turned = rng.coin();
  const double degrees = turned ? settings[0](rng) : 0.0;
  const bool scaled = rng.coin();
  const double factor = scaled ? settings[1](rng) : 1.0;
  if (turned || scaled) rotate_and_scale(sample, degrees * std::numbers::pi / 180.0, factor);
}

}  // namespace

const Augmentation rotation_and_scale_augmentation = {
    "rotation, scale", "strong", {{-20.0, 20.0}, {0.8, 1.25, true}}, change};

}  // namespace dmf
