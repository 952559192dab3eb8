#include <algorithm>
#include <cmath>

#include "apps/data/augmentation/transform.h"
#include "apps/image/resize.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double zoom = draws.drawn("zoom");
  const auto fewer = [zoom](int side) {
    return std::max(1, static_cast<int>(std::lround(zoom * side)));
  };
  const int height = image.height, width = image.width;
  if (fewer(height) == height && fewer(width) == width) return;
  image = resize(resize(image, fewer(height), fewer(width), Interpolation::area), height, width,
                 Interpolation::linear);
}

}  // namespace

const Transform low_resolution_transform = {
    .name = "low_resolution",
    .help = "shrinks by the mean over areas, and enlarges again between pixels",
    .probability = 0.15,
    .settings = {{{"zoom",
                   std::vector<double>{0.5, 1.0},
                   "the side in between, of the image's",
                   {.least = 0.05, .most = 1.0}}}},
    .change = change};

}  // namespace dmf
