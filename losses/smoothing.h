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
    return {
        {"smooth-nr", Smoothing().nr, "Numerator of mean_iou, mean_dice and cb_dice", kAtLeastZero},
        {"smooth-dr", Smoothing().dr, "Their denominator", kAtLeastZero}};
  }
  static Smoothing from(const Settings& s) {
    return {s.number("smooth-nr"), s.number("smooth-dr")};
  }
};

}  // namespace dmf
