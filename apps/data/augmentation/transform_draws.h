#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/rng.h"
#include "engine/core/settings.h"

namespace dmf {

/// Whose draws: what random numbers are a function of, beside the transform that draws them.
struct DrawKey {
  std::uint64_t seed = 1;
  std::int64_t epoch = 0;
  std::size_t item = 0;  // of the data set, wherever it stands in an epoch
};

/// The random numbers of one transform for one image, and its settings, from whose ranges it draws.
///
/// A stream of its own for each (seed, epoch, item, name of the transform, occurrence in the
/// composition): that another transform is added, removed, moved or set otherwise changes none of
/// them, nor on which thread it happens.
class TransformDraws {
 public:
  /// occurrence  0 for a name's first in a composition, 1 for its second
  TransformDraws(const DrawKey& key, std::string_view transform, int occurrence,
                 const Settings& settings);

  /// True with that probability, 0 to 1. One draw, whatever the probability.
  bool happens(double probability) { return rng_.uniform() < probability; }

  /// From a setting that is a range, evenly between its bounds. One draw, whatever the range, so
  /// that a range that is set otherwise moves no other draw; exactly the bound where both are one.
  double drawn(std::string_view setting);
  /// The same, evenly in the logarithm: half and double are as likely as each other. Bounds above 0.
  double drawn_in_logarithm(std::string_view setting);

  double normal() { return rng_.normal(); }
  const Settings& settings() const { return settings_; }

 private:
  Rng rng_;
  const Settings& settings_;
};

}  // namespace dmf
