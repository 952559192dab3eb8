#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double sigma = draws.drawn("sigma");
  if (sigma == 0.0) return;
  map_with_noise(image, draws, [=](double v, double normal) { return v * (1.0 + sigma * normal); });
}

}  // namespace

const Transform speckle_transform = {
    .name = "speckle",
    .help = "multiplies every pixel by 1 and a normal number: noise that grows with the echo",
    .probability = 0.1,
    .settings = {{{"sigma",
                   std::vector<double>{0.0, 0.1},
                   "its standard deviation",
                   {.least = 0.0, .most = 1.0}},
                  "share of the intensity"}},
    .change = change};

}  // namespace dmf
