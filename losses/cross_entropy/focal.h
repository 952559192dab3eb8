#pragma once

#include <string_view>
#include <vector>

#include "engine/core/check.h"
#include "engine/core/settings.h"
#include "engine/ops/pixel_sums.h"

namespace dmf {

/// Focal loss, -(1/N) sum_i alpha_{t_i} (1 - p_i)^gamma log p_i with p_i the probability of pixel
/// i's own class. With class weights w, each pixel's term is multiplied by w_{t_i} and the sum of
/// those replaces N; the alphas are never divided out.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  paper, eq. (19); Lin et al. 2017, arXiv:1708.02002, equation 5
struct Focal {
  double gamma = 2.0;                  // focusing exponent; 0 gives alpha-weighted cross-entropy
  std::vector<double> alpha = {0.25};  // one for all classes, or one a class

  static constexpr std::string_view kName = "focal", kHelp = "focal cross-entropy, eq. (19)";
  static std::vector<Setting> settings() {
    return {{"focal-gamma", Focal().gamma, "Focusing exponent", kAtLeastZero},
            {"focal-alpha", Focal().alpha, "One for all classes, or one a class", kAtLeastZero}};
  }
  static Focal from(const Settings& s) { return {s.number("focal-gamma"), s.list("focal-alpha")}; }

  /// throws  ShapeError unless there is one alpha or one a class
  NllTerm term(const std::vector<double>& class_weights) const {
    std::vector<double> scale = alpha;
    if (scale.size() == 1) scale.assign(class_weights.size(), alpha.front());
    DMF_CHECK(scale.size() == class_weights.size(), ShapeError,
              "[focal] {} alphas for {} classes: expected one, or one a class.", scale.size(),
              class_weights.size());
    for (std::size_t c = 0; c < scale.size(); ++c) scale[c] *= class_weights[c];
    return {gamma, scale, class_weights};
  }
};

}  // namespace dmf
