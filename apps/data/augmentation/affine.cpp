#include <cmath>
#include <numbers>

#include "apps/data/augmentation/transform.h"

namespace dmf {
namespace {

/// Shears, scales and rotates about the centre, then shifts; what is added is the inverse.
void move(Warp& warp, const Image& image, TransformDraws& draws) {
  constexpr double kRadians = std::numbers::pi / 180.0;
  const double angle = kRadians * draws.drawn("rotate");
  const double scale = draws.drawn_in_logarithm("scale");
  const double down = image.height * draws.drawn("shift");
  const double right = image.width * draws.drawn("shift");
  const double slant = std::tan(kRadians * draws.drawn("shear"));
  const double cosine = std::cos(angle) / scale, sine = std::sin(angle) / scale;
  const AffineMap unshifted = {.h0 = -down, .w0 = -right};
  const AffineMap unturned = {.hh = cosine, .hw = -sine, .wh = sine, .ww = cosine};
  const AffineMap unsheared = {.wh = -slant};
  warp.add(unsheared.after(unturned.after(unshifted)));
}

}  // namespace

// Defaults: nnU-Net's scales (0.7 to 1.4) and the angles and shifts that helped most in ultrasound
// (Tupper & Gagné, TMLR 2025), in between.
const Transform affine_transform = {
    .name = "affine",
    .help = "shears, scales and rotates about the centre, then shifts",
    .probability = 0.8,
    .settings = {{{"rotate",
                   std::vector<double>{-20.0, 20.0},
                   "clockwise",
                   {.least = -180.0, .most = 180.0}},
                  "degrees"},
                 {{"scale",
                   std::vector<double>{0.75, 1.35},
                   "above 1 enlarges; drawn evenly in the logarithm",
                   {.least = 0.1, .most = 10.0}}},
                 {{"shift",
                   std::vector<double>{-0.1, 0.1},
                   "down, and drawn again to the right",
                   {.least = -1.0, .most = 1.0}},
                  "share of the side"},
                 {{"shear",
                   std::vector<double>{-5.0, 5.0},
                   "slant of what was upright, its lower end to the right",
                   {.least = -45.0, .most = 45.0}},
                  "degrees"},
                 outside_setting()},
    .move = move};

}  // namespace dmf
