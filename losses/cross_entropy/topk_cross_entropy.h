#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Cross-entropy of the hardest pixels alone: the mean of the largest -log p_i, p_i the probability of
/// pixel i's own class, of a share of the group's pixels (rounded down, at least one). With class
/// weights, a pixel is as hard as w_{t_i} times that, and the sum of the chosen weights replaces
/// their number. Of equal pixels the first count.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  Wu et al. 2016, arXiv:1605.06885, section 3.1; the share as nnU-Net has it
struct TopkCrossEntropy {
  double share = 0.1;

  static constexpr std::string_view kName = "topk_cce",
                                    kHelp = "cross-entropy of the hardest pixels";
  static constexpr bool kOnCounts = false;
  static std::vector<Setting> settings() {
    return {{"topk-cce-share", TopkCrossEntropy().share, "Of the pixels, those that count",
             kAboveZeroToOne}};
  }
  static TopkCrossEntropy from(const Settings& s) { return {s.number("topk-cce-share")}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_pixels(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> w = weights.of_pixels(x.classes());
    const auto weight = [&](Index i) { return w[static_cast<std::size_t>(x.labels[i])]; };
    std::vector<std::pair<double, Index>> hardest;  // log p, so the least are the hardest
    for (Index i = 0; i < x.count(); ++i) {
      if (!x.counts(i)) continue;
      const S log_p = x.log_probs.value().data()[i * x.classes() + x.labels[i]];
      hardest.emplace_back(weight(i) * static_cast<double>(log_p), i);
    }
    const auto chosen =
        static_cast<std::ptrdiff_t>(std::max(1.0, share * static_cast<double>(hardest.size())));
    if (!hardest.empty()) {
      std::nth_element(hardest.begin(), hardest.begin() + chosen - 1, hardest.end());
      hardest.resize(static_cast<std::size_t>(chosen));
    }
    std::sort(hardest.begin(), hardest.end(),
              [](const auto& a, const auto& b) { return a.second < b.second; });
    double total = 0.0;
    std::vector<double> counted(static_cast<std::size_t>(x.count()));
    for (const auto& pixel : hardest) {
      total += weight(pixel.second);
      counted[static_cast<std::size_t>(pixel.second)] = weight(pixel.second);
    }
    return sum(x.log_probs * x.map([&](Index i, Index c) {
      return x.labels[i] == c ? -quotient(counted[static_cast<std::size_t>(i)], total) : 0.0;
    }));
  }
};

}  // namespace dmf
