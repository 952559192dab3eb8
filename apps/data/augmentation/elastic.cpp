#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

void move(Warp& warp, const Image& image, TransformDraws& draws) {
  const auto points = static_cast<int>(draws.settings().whole("points"));
  const double strength = draws.drawn("shift");
  Displacement displacement{
      points, static_cast<double>(image.height), static_cast<double>(image.width), {}};
  for (int k = 0; k < points * points; ++k) {
    const double down = draws.normal(), right = draws.normal();
    displacement.moves.push_back({strength * image.height * down, strength * image.width * right});
  }
  warp.add(std::move(displacement));
}

}  // namespace

// Source: Ronneberger, Fischer & Brox, "U-Net", 2015: normal displacements of a coarse grid,
// interpolated smoothly. Off in every named composition: nnU-Net, too, leaves it out.
const Transform elastic_transform = {
    .name = "elastic",
    .help = "bends: a grid of points moves, each by a normal number, and smoothly what is between",
    .probability = 0.2,
    .settings =
        {{{"shift",
           std::vector<double>{0.0, 0.04},
           "standard deviation of the points' moves; from half of their distance on, images fold",
           {.least = 0.0, .most = 0.5}},
          "share of the side"},
         {{"points", std::int64_t{4}, "of the grid, on each side", {.least = 2.0, .most = 16.0}}},
         outside_setting()},
    .move = move};

}  // namespace dmf
