#pragma once

#include <vector>

#include "engine/core/settings.h"

namespace dmf {

/// What is added to numerator and denominator of an overlap. With nothing above the line a class
/// that is absent from the labels scores 0 and passes no gradient.
struct Smoothing {
  double nr = 0.0;
  double dr = 1e-7;

  static std::vector<Setting> settings() {
    return {{"smooth-nr", Smoothing().nr, "Added to the numerators of overlaps", kAtLeastZero},
            {"smooth-dr", Smoothing().dr, "Added to their denominators", kAtLeastZero}};
  }
  static Smoothing from(const Settings& s) {
    return {s.number("smooth-nr"), s.number("smooth-dr")};
  }
};

}  // namespace dmf
