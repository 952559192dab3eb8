#include "apps/data/augmentation/transform_draws.h"

#include <algorithm>
#include <cmath>

namespace dmf {
namespace {

/// FNV-1a, 64 bits (Fowler, Noll & Vo).
std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// A seed for each transform of a composition: the seed's own Philox block at its name and
/// occurrence. The tag keeps it apart from streams that count from 0.
std::uint64_t transform_seed(std::uint64_t seed, std::string_view transform, int occurrence) {
  constexpr std::uint32_t kTag = 0x41554721;
  const std::uint64_t name = name_hash(transform);
  const auto bits =
      philox4x32({static_cast<std::uint32_t>(name), static_cast<std::uint32_t>(name >> 32),
                  static_cast<std::uint32_t>(occurrence), kTag},
                 {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
  return std::uint64_t{bits[0]} << 32 | bits[1];
}

/// The stream of one image in one epoch; the loader's order of an epoch has others (tag 1).
std::uint64_t image_stream(const DrawKey& key) {
  return (std::uint64_t{2} << 56) + (static_cast<std::uint64_t>(key.epoch) << 28) + key.item;
}

}  // namespace

TransformDraws::TransformDraws(const DrawKey& key, std::string_view transform, int occurrence,
                               const Settings& settings)
    : rng_(transform_seed(key.seed, transform, occurrence), image_stream(key)),
      settings_(settings) {}

double TransformDraws::drawn(std::string_view setting) {
  const std::vector<double>& range = settings_.list(setting);
  return std::min(rng_.uniform(range[0], range[1]), range[1]);
}

double TransformDraws::drawn_in_logarithm(std::string_view setting) {
  const std::vector<double>& range = settings_.list(setting);
  const double share = rng_.uniform();
  if (range[0] == range[1]) return range[0];
  const double value = range[0] * std::exp(share * std::log(range[1] / range[0]));
  return std::clamp(value, range[0], range[1]);
}

}  // namespace dmf
