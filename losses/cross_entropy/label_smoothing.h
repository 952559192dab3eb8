#pragma once

#include <string_view>
#include <vector>

#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Cross-entropy with smoothed labels: -(1/N) sum_i sum_c q_ic log p_ic, q_ic = (1 - epsilon)
/// [c = t_i] + epsilon / C. With class weights, each pixel counts w_{t_i} and the sum of those
/// replaces N.
///
/// range   (0, inf): least where p = q
/// source  Szegedy et al. 2016, arXiv:1512.00567, section 7, with their epsilon
struct LabelSmoothing {
  double epsilon = 0.1;

  static constexpr std::string_view kName = "label_smoothing",
                                    kHelp = "cross-entropy that leaves every class a share";
  static constexpr bool kOnCounts = false;
  static std::vector<Setting> settings() {
    return {
        {"label-smoothing-epsilon", LabelSmoothing().epsilon, "What all classes share", kFraction}};
  }
  static LabelSmoothing from(const Settings& s) { return {s.number("label-smoothing-epsilon")}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_pixels(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> w = weights.of_pixels(x.classes());
    const auto weight = [&](Index i) { return w[static_cast<std::size_t>(x.labels[i])]; };
    const double total = x.total([&](Index i, Index) { return weight(i); }),
                 each = epsilon / static_cast<double>(x.classes());
    return sum(x.log_probs * x.map([&](Index i, Index c) {
      const double q = each + (x.labels[i] == c ? 1.0 - epsilon : 0.0);
      return -quotient(weight(i) * q, total);
    }));
  }
};

}  // namespace dmf
