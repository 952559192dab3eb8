#pragma once

#include <string_view>
#include <vector>

#include "engine/core/settings.h"
#include "engine/ops/pixel_sums.h"

namespace dmf {

/// Categorical cross-entropy, -(1/N) sum_i log p[i, t_i], N the pixels that are not ignored. With
/// class weights, each pixel counts w_{t_i} and the sum of those replaces N.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  paper, eq. (16)
struct CrossEntropy {
  static constexpr std::string_view kName = "cce", kHelp = "categorical cross-entropy, eq. (16)";
  static std::vector<Setting> settings() { return {}; }
  static CrossEntropy from(const Settings&) { return {}; }

  NllTerm term(const std::vector<double>& class_weights) const {
    return {0.0, class_weights, class_weights};
  }
};

}  // namespace dmf
