#pragma once

#include <string_view>
#include <vector>

#include "losses/distance/distance_transform.h"
#include "losses/kinds/pixel_loss.h"

namespace dmf {

/// Boundary loss: the mean over pixels and classes of p_ic phi_ic, phi the distance in pixels to the
/// nearest pixel of label c where i is none, and 1 less than that to the nearest other, with the
/// sign turned, where it is one. 0 for a class that an image has nowhere or everywhere. Alone it
/// has an empty prediction as a near minimum: the authors add it to a Dice loss,
/// "mean_dice + 0.01*boundary", without the background.
///
/// range   below 0 at a perfect prediction, above it for one far away
/// source  Kervadec et al. 2019, arXiv:1812.07032, equation 5; the map as in the authors' code
struct Boundary {
  static constexpr std::string_view kName = "boundary",
                                    kHelp = "probability far from its class's boundary";
  static constexpr bool kOnCounts = true;
  static std::vector<Setting> settings() { return {}; }
  static Boundary from(const Settings&) { return {}; }

  void check(const ClassWeights& weights, Index classes) const { weights.of_counts(classes); }
  template <class S>
  Variable<S> of_pixels(const GroupPixels<S>& x, const ClassWeights& weights) const {
    const std::vector<double> shares = shares_of(weights.of_counts(x.classes()));
    std::vector<double> phi(static_cast<std::size_t>(x.count() * x.classes()));
    parallel_for(x.images() * x.classes(), [&](Index unit) {
      const Index n = unit / x.classes(), c = unit % x.classes();
      const std::vector<std::uint8_t> mask = x.mask_of(n, c);
      const std::vector<double> distances =
          border_distances(mask, static_cast<int>(x.height()), static_cast<int>(x.width()));
      for (std::size_t k = 0; k < mask.size(); ++k) {
        const bool inside = mask[k] != 0 && distances[k] > 0.0;
        const std::size_t pixel = static_cast<std::size_t>(n * x.of_image()) + k;
        phi[pixel * shares.size() + static_cast<std::size_t>(c)] =
            inside ? 1.0 - distances[k] : distances[k];
      }
    });
    const double pixels = x.total([](Index, Index) { return 1.0; });
    return sum(x.probs * x.map([&](Index i, Index c) {
      return quotient(
          shares[static_cast<std::size_t>(c)] * phi[static_cast<std::size_t>(i * x.classes() + c)],
          pixels);
    }));
  }
};

}  // namespace dmf
