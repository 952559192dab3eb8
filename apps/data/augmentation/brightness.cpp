#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double factor = draws.drawn("factor");
  map_pixels(image, [=](double v) { return factor * v; });
}

}  // namespace

const Transform brightness_transform = {.name = "brightness",
                                        .help = "multiplies intensities, black stays black",
                                        .probability = 0.3,
                                        .settings = {{{"factor",
                                                       std::vector<double>{0.75, 1.25},
                                                       "above 1 is brighter",
                                                       {.least = 0.0, .most = 10.0}}}},
                                        .change = change};

}  // namespace dmf
