#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double excess = draws.drawn("factor") - 1.0;
  double sum = 0.0;
  for (const float pixel : image.pixels) sum += static_cast<double>(pixel);
  const double mean = sum / static_cast<double>(image.pixels.size());
  map_pixels(image, [=](double v) { return v + excess * (v - mean); });
}

}  // namespace

const Transform contrast_transform = {
    .name = "contrast",
    .help = "multiplies the distances of intensities from their mean",
    .probability = 0.3,
    .settings = {{{"factor",
                   std::vector<double>{0.75, 1.25},
                   "above 1 is more contrast",
                   {.least = 0.0, .most = 10.0}}}},
    .change = change};

}  // namespace dmf
