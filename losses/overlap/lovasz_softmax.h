#pragma once

#include <algorithm>
#include <numeric>
#include <string_view>
#include <vector>

#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Lovasz-softmax: the Jaccard loss of each class in its convex extension to probabilities, averaged
/// over the classes that the group's labels have. With the errors m_ic = |[c = t_i] - p_ic| in
/// falling order, sum_i m_ic (J(first i) - J(first i - 1)), J(s) the Jaccard loss of a prediction
/// that is wrong at the pixels s alone.
///
/// range   [0, 1]; 0 where the labels have no class that counts
/// source  Berman et al. 2018, arXiv:1705.08790, equations 8, 9 and 11
struct LovaszSoftmax {
  static constexpr std::string_view kName = "lovasz_softmax",
                                    kHelp = "intersection over union in its convex extension";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() { return {}; }
  static LovaszSoftmax from(const Settings&) { return {}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_counts(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    std::vector<double> shares = weights.of_counts(x.classes());
    for (Index c = 0; c < x.classes(); ++c) {
      const bool present =
          x.total([c](Index, Index label) { return label == c ? 1.0 : 0.0; }) > 0.0;
      if (!present) shares[static_cast<std::size_t>(c)] = 0.0;
    }
    const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
    const Variable<S> errors = abs(x.one_hot() - x.probs);
    std::vector<std::vector<double>> slopes(shares.size());  // of each class, for every pixel
    parallel_for(x.classes(), [&](Index c) {
      slopes[static_cast<std::size_t>(c)] = slopes_of(x, errors.value(), c);
    });
    return sum(errors * x.map([&](Index i, Index c) {
      return quotient(shares[static_cast<std::size_t>(c)], all) *
             slopes[static_cast<std::size_t>(c)][static_cast<std::size_t>(i)];
    }));
  }

 private:
  /// How much more each pixel's error costs than those of the pixels before it in falling order.
  template <class S>
  static std::vector<double> slopes_of(const GroupPixels<S>& x, const Tensor<S>& errors, Index c) {
    std::vector<Index> order;
    double own = 0.0;
    for (Index i = 0; i < x.count(); ++i) {
      if (!x.counts(i)) continue;
      order.push_back(i);
      own += x.labels[i] == c ? 1.0 : 0.0;
    }
    const auto error = [&](Index i) { return errors.data()[i * x.classes() + c]; };
    std::stable_sort(order.begin(), order.end(),
                     [&](Index a, Index b) { return error(a) > error(b); });
    std::vector<double> slopes(static_cast<std::size_t>(x.count()));
    double intersection = own, together = own, before = 0.0;
    for (const Index i : order) {
      (x.labels[i] == c ? intersection : together) += x.labels[i] == c ? -1.0 : 1.0;
      const double jaccard = 1.0 - quotient(intersection, together);
      slopes[static_cast<std::size_t>(i)] = jaccard - before;
      before = jaccard;
    }
    return slopes;
  }
};

}  // namespace dmf
