#pragma once

#include <string_view>
#include <vector>

#include "losses/cross_entropy/border_weights.h"
#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Cross-entropy with the U-Net's map of weights: -sum_i v_i log p_i / sum_i v_i, p_i the probability
/// of pixel i's own class and v_i = w_{t_i} + w0 e^(-(d1 + d2)^2 / (2 sigma^2)), w the class weights,
/// d1 and d2 the distances to the borders of the nearest two objects (border_weights). With one
/// object, d1 alone: for images that have no more than one.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  Ronneberger et al. 2015, arXiv:1505.04597, equations 1 and 2, with their numbers
struct BorderCrossEntropy {
  double w0 = 10.0;
  double sigma = 5.0;
  std::int64_t objects = 2;

  static constexpr std::string_view kName = "border_cce",
                                    kHelp = "cross-entropy, heavier near the borders of objects";
  static constexpr bool kOnCounts = false;
  static std::vector<Setting> settings() {
    const BorderCrossEntropy own;
    return {{"border-cce-w0", own.w0, "What a border adds to a weight", kAtLeastZero},
            {"border-cce-sigma", own.sigma, "How far it reaches, in pixels", kAboveZero},
            {"border-cce-objects", own.objects, "Nearest objects whose distances add up",
             Range{.least = 1.0, .most = 2.0}}};
  }
  static BorderCrossEntropy from(const Settings& s) {
    return {s.number("border-cce-w0"), s.number("border-cce-sigma"), s.whole("border-cce-objects")};
  }

  void check(const ClassWeights& weights, Index classes) const { weights.of_pixels(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> w = weights.of_pixels(x.classes());
    std::vector<std::int32_t> labels;  // those that do not count are no object
    for (Index i = 0; i < x.count(); ++i) labels.push_back(x.counts(i) ? x.labels[i] : 0);
    std::vector<double> v(labels.size());
    parallel_for(x.images(), [&](Index n) {
      const auto first = static_cast<std::size_t>(n * x.of_image()),
                 size = static_cast<std::size_t>(x.of_image());
      const std::vector<double> near =
          border_weights(std::span(labels).subspan(first, size), static_cast<int>(x.height()),
                         static_cast<int>(x.width()), sigma, static_cast<int>(objects));
      for (std::size_t k = 0; k < size; ++k) {
        v[first + k] = w[static_cast<std::size_t>(labels[first + k])] + w0 * near[k];
      }
    });
    const double total = x.total([&](Index i, Index) { return v[static_cast<std::size_t>(i)]; });
    return sum(x.log_probs * x.map([&](Index i, Index c) {
      return x.labels[i] == c ? -quotient(v[static_cast<std::size_t>(i)], total) : 0.0;
    }));
  }
};

}  // namespace dmf
