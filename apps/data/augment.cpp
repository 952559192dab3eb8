#include "apps/data/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/core/check.h"

namespace dmf {
namespace {

void flip_left_right(Sample& sample) {
  Image& image = sample.image;
  for (int h = 0; h < image.height; ++h) {
    for (int w = 0; w < image.width / 2; ++w) {
      for (int c = 0; c < image.channels; ++c) {
        std::swap(image.at(h, w, c), image.at(h, image.width - 1 - w, c));
      }
      std::swap(sample.labels.at(h, w), sample.labels.at(h, image.width - 1 - w));
    }
  }
}

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

template <class F>
void map_pixels(Image& image, const F& f) {
  for (float& pixel : image.pixels) {
    pixel = std::clamp(static_cast<float>(f(static_cast<double>(pixel))), 0.0f, 1.0f);
  }
}

}  // namespace

Augmentation augmentation_named(const std::string& name) {
  if (name == "none") return Augmentation::none;
  if (name == "flips") return Augmentation::flips;
  if (name == "strong") return Augmentation::strong;
  throw ValueError(
      fmt::format("[augment] unknown set '{}': expected none, flips or strong.", name));
}

void augment(Sample& sample, Augmentation kind, Rng& rng) {
  if (kind == Augmentation::none) return;
  if (rng.coin()) flip_left_right(sample);
  if (kind == Augmentation::flips) return;
  const bool turned = rng.coin();
  const double degrees = turned ? rng.uniform(-20.0, 20.0) : 0.0;
  const bool scaled = rng.coin();
  const double factor = scaled ? std::exp(rng.uniform(std::log(0.8), std::log(1.25))) : 1.0;
  if (turned || scaled) rotate_and_scale(sample, degrees * std::numbers::pi / 180.0, factor);
  if (rng.coin()) {
    const double contrast = rng.uniform(0.75, 1.25), brightness = rng.uniform(-0.1, 0.1);
    map_pixels(sample.image, [=](double v) { return 0.5 + contrast * (v - 0.5) + brightness; });
  }
  if (rng.coin()) {
    const double gamma = std::exp(rng.uniform(std::log(0.7), std::log(1.5)));
    map_pixels(sample.image, [=](double v) { return std::pow(v, gamma); });
  }
  if (rng.coin()) {
    const double strength = rng.uniform(0.0, 0.1);
    map_pixels(sample.image, [&](double v) { return v * (1.0 + strength * rng.normal()); });
  }
}

}  // namespace dmf
