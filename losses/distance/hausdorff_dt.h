#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include "losses/distance/distance_transform.h"
#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Hausdorff loss by distance transforms: the mean over pixels and classes of
/// ([c = t_i] - p_ic)^2 (d_ic^alpha + e_ic^alpha), d the distance in pixels to the border of label c
/// and e that to the border of the prediction, where p_c is above 0.5. Either is 0 for a mask that
/// is empty or full; both are constants to the gradient.
///
/// range   [0, inf); 0 at a perfect prediction
/// source  Karimi & Salcudean 2019, arXiv:1904.10030, equation 8, with their alpha
struct HausdorffDt {
  double alpha = 2.0;

  static constexpr std::string_view kName = "hausdorff_dt",
                                    kHelp = "squared errors, weighed by distances to the borders";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() {
    return {{"hausdorff-dt-alpha", HausdorffDt().alpha, "Exponent of the distances", kAboveZero}};
  }
  static HausdorffDt from(const Settings& s) { return {s.number("hausdorff-dt-alpha")}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_counts(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> shares = shares_of(weights.of_counts(x.classes()));
    std::vector<double> far(static_cast<std::size_t>(x.count() * x.classes()));
    parallel_for(x.images() * x.classes(), [&](Index unit) {
      const Index n = unit / x.classes(), c = unit % x.classes(), first = n * x.of_image();
      std::vector<std::uint8_t> predicted;
      for (Index i = first; i < first + x.of_image(); ++i) {
        predicted.push_back(x.counts(i) && x.probs.value().data()[i * x.classes() + c] > S(0.5));
      }
      for (const auto& mask : {x.mask_of(n, c), predicted}) {
        const std::vector<double> distances =
            border_distances(mask, static_cast<int>(x.height()), static_cast<int>(x.width()));
        for (Index k = 0; k < x.of_image(); ++k) {
          far[static_cast<std::size_t>((first + k) * x.classes() + c)] +=
              std::pow(distances[static_cast<std::size_t>(k)], alpha);
        }
      }
    });
    const double pixels = x.total([](Index, Index) { return 1.0; });
    const Variable<S> errors = x.one_hot() - x.probs;
    return sum(errors * errors * x.map([&](Index i, Index c) {
      return quotient(
          shares[static_cast<std::size_t>(c)] * far[static_cast<std::size_t>(i * x.classes() + c)],
          pixels);
    }));
  }
};

}  // namespace dmf
