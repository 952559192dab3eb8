#include <algorithm>
#include <cmath>

#include "apps/image/masks/mask_reading.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

int brightest_channel(const MaskColour& c) {
  return std::max({c[0], c[1], c[2]});
}

bool near(const MaskColour& a, const MaskColour& b, double tolerance) {
  for (std::size_t c = 0; c < 3; ++c) {
    if (std::abs(static_cast<double>(a[c]) - b[c]) > tolerance) return false;
  }
  return true;
}

/// The colour above black that areas most often have: the lesion's, if there is one class.
std::optional<MaskColour> upper_pile(const SetValues& values) {
  constexpr int kLeast = 32;  // below, compression noise and class ids cannot be told apart
  std::optional<MaskColour> pile;
  std::pair<std::int64_t, std::int64_t> most{0, 0};
  for (const auto& [colour, count] : values.seen) {
    if (brightest_channel(colour) < kLeast) continue;
    const std::pair<std::int64_t, std::int64_t> own{count.flat, count.pixels};
    if (own >= most) {  // of equals the brightest
      most = own;
      pile = colour;
    }
  }
  return pile;
}

MaskEncoding from_threshold(const MaskOptions& options, int white, std::string evidence) {
  MaskEncoding e;
  e.kind = MaskEncoding::Kind::threshold;
  e.values.clear();
  e.threshold = options.threshold;
  e.white = white;
  e.evidence = std::move(evidence);
  return e;
}

/// Black, one colour, and edges between: what JPEG or smoothing makes of a binary mask. Between the
/// piles there may be no area, no blob of its own, and above the upper one nothing: those would be
/// classes.
std::optional<MaskEncoding> read_two_piles(const SetValues& values, const MaskOptions& options) {
  const std::optional<MaskColour> upper = upper_pile(values);
  if (!upper || values.faint > 0) return std::nullopt;
  const int top = brightest_channel(*upper), white = luminance(*upper);
  const double level_tolerance = values.all_grey ? 0.1 * top : 0.2 * top;
  std::int64_t in_piles = 0, above = 0, flat_above = 0, flat_between = 0, beyond = 0;
  for (const auto& [colour, count] : values.seen) {
    const int level = luminance(colour);
    const bool low = near(colour, MaskColour{}, level_tolerance);
    const bool high = near(colour, *upper, level_tolerance);
    if (level <= 0.1 * white || level >= 0.9 * white) in_piles += count.pixels;
    if (level >= 0.9 * white) above += count.pixels;
    if (level > 1.3 * white) beyond += count.pixels;
    if (high) flat_above += count.flat;
    if (!low && !high) flat_between += count.flat;
  }
  if (static_cast<double>(in_piles) < 0.9 * static_cast<double>(values.pixels)) return std::nullopt;
  // Of few levels with a palette: areas with edges, not scattered pixels of classes.
  if (values.any_palette && values.seen.size() < 17 && 2 * flat_above < above) return std::nullopt;
  if (flat_between > flat_above / 5000 || beyond > above / 500) return std::nullopt;
  return from_threshold(
      options, white >= 0.9 * values.largest && values.all_grey ? 0 : white,
      fmt::format("{:.1f} % of all pixels lie near 0 or {}, the others on edges only",
                  100.0 * static_cast<double>(in_piles) / static_cast<double>(values.pixels),
                  white));
}

/// Whether a level between the ends has far more area than the levels beside it: a class.
bool has_spike(const std::vector<std::int64_t>& flat) {
  for (std::size_t v = 26; v < 230; ++v) {
    std::int64_t beside = 0;
    for (std::size_t d = 2; d <= 8; ++d) beside += flat[v - d] + flat[v + d];
    if (flat[v] > std::max<std::int64_t>(6, 8 * beside / 14)) return true;
  }
  return false;
}

/// Most pixels near 0 and the largest value, and no level between that stands out like a class.
std::optional<MaskEncoding> read_probabilities(const SetValues& values,
                                               const MaskOptions& options) {
  if (!values.all_grey || values.seen.size() <= 16) return std::nullopt;
  const double largest = values.largest;
  std::vector<std::int64_t> flat(256);  // by level, rounded down to 8 bits
  std::int64_t ends = 0, upper = 0;
  for (const auto& [colour, count] : values.seen) {
    const double level = colour[0] / largest;
    if (level <= 0.1 || level >= 0.9) ends += count.pixels;
    if (level >= 0.9) upper += count.pixels;
    flat[static_cast<std::size_t>(255.0 * level)] += count.flat;
  }
  const double share = static_cast<double>(ends) / static_cast<double>(values.pixels);
  if (upper == 0 || share < 0.9 || has_spike(flat)) return std::nullopt;
  return from_threshold(options, 0,
                        fmt::format("{} levels, {:.1f} % of all pixels near 0 or {}",
                                    values.seen.size(), 100.0 * share, values.largest));
}

}  // namespace

std::optional<MaskEncoding> read_soft(const SetValues& values, const MaskOptions& options) {
  // A few levels could be thin classes; but a quantiser leaves few of many.
  const std::size_t least = values.jpeg != nullptr ? 2 : values.any_palette ? 5 : 17;
  if (values.seen.size() < least) return std::nullopt;
  if (auto piles = read_two_piles(values, options)) return piles;
  if (values.jpeg != nullptr) return std::nullopt;  // its noise would hide a class between
  return read_probabilities(values, options);
}

}  // namespace dmf
