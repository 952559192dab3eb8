#include <cmath>

#include "apps/data/augmentation/pixels.h"
#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void change(Image& image, TransformDraws& draws) {
  const bool is_inverted = draws.happens(draws.settings().number("inverted"));
  const double exponent = draws.drawn_in_logarithm("exponent");
  if (exponent == 1.0) return;
  if (is_inverted) {
    map_pixels(image, [=](double v) { return 1.0 - std::pow(1.0 - v, exponent); });
  } else {
    map_pixels(image, [=](double v) { return std::pow(v, exponent); });
  }
}

}  // namespace

const Transform gamma_transform = {
    .name = "gamma",
    .help = "raises intensities, from 0 to 1, to a power",
    .probability = 0.3,
    .settings = {{{"exponent",
                   std::vector<double>{0.7, 1.5},
                   "above 1 darkens what is between black and white; drawn evenly in the logarithm",
                   {.least = 0.1, .most = 10.0}}},
                 {{"inverted", 0.1, "of what happens, how often to the negative", kUnit},
                  "probability"}},
    .change = change};

}  // namespace dmf
