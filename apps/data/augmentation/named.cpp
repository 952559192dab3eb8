#include "apps/data/augmentation/composition.h"

namespace dmf {

// A run's configuration holds its composition in full, so these may change.
//
// strong: nnU-Net's list (Isensee et al., Nature Methods 2021) without elastic, mirrored left and
// right alone, with the ranges that helped in ultrasound (Tupper & Gagné, TMLR 2025): few
// transforms, chosen well, did better there than many.
const std::array<NamedComposition, 3>& named_compositions() {
  static const std::array<NamedComposition, 3> all = {
      {{"none", "nothing", ""},
       {"flips", "left and right change places in half of the images", "flip(p=0.5)"},
       {"strong", "flips, one affine resampling, and intensities as other machines have them",
        "flip(p=0.5), "
        "affine(p=0.8, rotate=-20:20, scale=0.75:1.35, shift=-0.1:0.1, shear=-5:5), "
        "brightness(p=0.3, factor=0.75:1.25), contrast(p=0.3, factor=0.75:1.25), "
        "gamma(p=0.3, exponent=0.7:1.5, inverted=0.1), blur(p=0.1, sigma=0.5:1), "
        "low_resolution(p=0.15, zoom=0.5:1), noise(p=0.1, sigma=0:0.05)"}}};
  return all;
}

bool is_named_composition(std::string_view text) {
  for (const NamedComposition& named : named_compositions()) {
    if (named.name == text) return true;
  }
  return false;
}

std::string augmentation_help() {
  std::string names;
  for (const Transform* transform : transforms()) {
    names.append(names.empty() ? "" : ", ").append(transform->name);
  }
  return help_of(named_compositions()) +
         "; or transforms, each at random, as in 'flip, affine(p=0.8, rotate=-20:20)' or 'strong, "
         "shadow(p=0.2)', of " +
         names;
}

}  // namespace dmf
