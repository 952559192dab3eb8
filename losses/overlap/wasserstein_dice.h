#pragma once

#include <string_view>
#include <vector>

#include "engine/core/check.h"
#include "losses/kinds/pixel_loss.h"
#include "losses/kinds/smoothing.h"

namespace dmf {

/// Generalised Wasserstein Dice, which knows how bad it is to take one class for another. With W_i =
/// sum_c M[t_i, c] p_ic, the way from the prediction to the label by the distances M,
///   1 - (2 T + smooth_nr) / (2 T + E + smooth_dr), T = sum_{t_i > 0} w_{t_i} (M[t_i, 0] - W_i),
///   E = sum_i w_{t_i} W_i, w the class weights and class 0 the background.
///
/// range   [0, 1]
/// source  Fidon et al. 2017, arXiv:1707.00478, equations 5 and 12
struct WassersteinDice {
  Smoothing smooth;
  std::vector<double> distances = {};  // M row by row; empty: 1 between any two classes

  static constexpr std::string_view kName = "wasserstein_dice",
                                    kHelp = "Dice with distances between the classes";
  static constexpr bool kOnCounts = false;  // the background is part of the formula
  static std::vector<Setting> settings() {
    std::vector<Setting> all = Smoothing::settings();
    all.push_back({"wasserstein-dice-distances", std::vector<double>(),
                   "From class to class, row by row; none: 1 between any two", kAtLeastZero});
    return all;
  }
  static WassersteinDice from(const Settings& s) {
    return {Smoothing::from(s), s.list("wasserstein-dice-distances")};
  }

  void check(const ClassWeights& weights, Index classes) const {
    weights.of_pixels(classes);
    DMF_CHECK(distances.empty() || static_cast<Index>(distances.size()) == classes * classes,
              ShapeError, "[wasserstein_dice] {} distances for {} classes: expected {}.",
              distances.size(), classes, classes * classes);
    for (Index a = 0; a < classes; ++a) {
      for (Index b = 0; b < classes; ++b) {
        const double d = distance(a, b, classes);
        DMF_CHECK(a != b ? d > 0.0 : d == 0.0, ValueError,
                  "[wasserstein_dice] distance {} from class {} to {}: expected 0 on the diagonal "
                  "and above it elsewhere.",
                  d, a, b);
        // Else a wrong class would count as a hit.
        DMF_CHECK(a == 0 || d <= distance(a, 0, classes), ValueError,
                  "[wasserstein_dice] class {} is {} from class {} and {} from the background: "
                  "expected no class farther than that.",
                  a, d, b, distance(a, 0, classes));
      }
    }
  }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> w = weights.of_pixels(x.classes());
    const auto way = [&](Index i, Index c) {
      const std::int32_t label = x.labels[i];
      return w[static_cast<std::size_t>(label)] * distance(label, c, x.classes());
    };
    const double most = x.total([&](Index, Index label) {
      return w[static_cast<std::size_t>(label)] * distance(label, 0, x.classes());
    });
    const Variable<S> lost =
        sum(x.probs * x.map([&](Index i, Index c) { return x.labels[i] > 0 ? way(i, c) : 0.0; }));
    const Variable<S> errors = sum(x.probs * x.map(way));
    const Variable<S> both = 2.0 * (most - lost);
    return 1.0 - (both + smooth.nr) / (both + errors + smooth.dr);
  }

 private:
  double distance(Index a, Index b, Index classes) const {
    if (distances.empty()) return a == b ? 0.0 : 1.0;
    return distances[static_cast<std::size_t>(a * classes + b)];
  }
};

}  // namespace dmf
