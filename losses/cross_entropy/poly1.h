#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/group_loss.h"

namespace dmf {

/// Poly-1 cross-entropy: the mean over pixels of -log p_i + epsilon (1 - p_i), p_i the probability of
/// pixel i's own class: the first coefficient of cross-entropy's series in 1 - p is 1 + epsilon. With
/// class weights, each pixel counts w_{t_i} and the sum of those replaces the number of pixels.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  Leng et al. 2022, arXiv:2204.12511, equation 6, epsilon 2 as for ImageNet
struct Poly1 {
  double epsilon = 2.0;

  static constexpr std::string_view kName = "poly1", kHelp = "cross-entropy + epsilon (1 - p)";
  static constexpr bool kOnCounts = false;  // sums over pixels: the background takes part
  static std::vector<Setting> settings() {
    // Below -1 a better prediction would cost more.
    return {{"poly1-epsilon", Poly1().epsilon, "Factor of 1 - p", Range{.least = -1.0}}};
  }
  static Poly1 from(const Settings& s) { return {s.number("poly1-epsilon")}; }

  LossNeeds needs(const ClassWeights& weights, Index classes) const {
    const std::vector<double> w = weights.of_pixels(classes);
    return {.counts = true, .terms = {{0.0, w, w}}};
  }
  template <class S>
  Variable<S> of_group(const GroupSums<S>& n, const ClassWeights& weights) const {
    constexpr double kNone = 1e-30;  // beside a pixel nothing; without one 0 / kNone is 0
    const Variable<S> w = n.row(weights.of_pixels(n.classes()));
    return n.terms[0] + epsilon * (sum(w * n.counts.fn) / (sum(w * n.of_label()) + kNone));
  }
};

}  // namespace dmf
