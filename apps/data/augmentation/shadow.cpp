#include <algorithm>

#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

/// From 0 to 1 as t goes from 0 to 1, level at both ends.
double smooth_step(double t) {
  t = std::clamp(t, 0.0, 1.0);
  return t * t * (3.0 - 2.0 * t);
}

void change(Image& image, TransformDraws& draws) {
  const double strength = draws.drawn("strength"), width = draws.drawn("width");
  const double centre = draws.drawn("centre"), top = draws.drawn("top");
  for (int h = 0; h < image.height; ++h) {
    // It begins over as much depth as half of its width.
    const double depth = ((h + 0.5) / image.height - top) / (0.5 * width);
    const double begun = strength * smooth_step(depth);
    for (int w = 0; w < image.width; ++w) {
      const double across = ((w + 0.5) / image.width - centre) / (0.5 * width);
      const double factor = 1.0 - begun * smooth_step(1.0 - std::max(across, -across));
      for (int c = 0; c < image.channels; ++c) {
        image.at(h, w, c) = static_cast<float>(factor * static_cast<double>(image.at(h, w, c)));
      }
    }
  }
}

}  // namespace

// What reflects or absorbs all sound, a rib or a calcification, leaves what lies below it dark.
const Transform shadow_transform = {
    .name = "shadow",
    .help = "darkens a band from some depth to the bottom, darkest along its middle",
    .probability = 0.1,
    .settings = {{{"strength", std::vector<double>{0.25, 0.8},
                   "of the intensity along its middle, what is missing", kUnit},
                  "share"},
                 {{"width",
                   std::vector<double>{0.05, 0.25},
                   "from side to side",
                   {.least = 0.01, .most = 2.0}},
                  "share of the image's width"},
                 {{"centre", std::vector<double>{0.0, 1.0}, "its middle", kUnit},
                  "share of the image's width"},
                 {{"top", std::vector<double>{0.0, 0.8}, "where it begins", kUnit},
                  "share of the image's height"}},
    .change = change};

}  // namespace dmf
