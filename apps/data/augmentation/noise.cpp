#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const double sigma = draws.drawn("sigma");
  if (sigma == 0.0) return;
  map_with_noise(image, draws, [=](double v, double normal) { return v + sigma * normal; });
}

}  // namespace

const Transform noise_transform = {.name = "noise",
                                   .help = "adds a normal number to every pixel",
                                   .probability = 0.1,
                                   .settings = {{{"sigma",
                                                  std::vector<double>{0.0, 0.05},
                                                  "its standard deviation",
                                                  {.least = 0.0, .most = 1.0}},
                                                 "share of white"}},
                                   .change = change};

}  // namespace dmf
