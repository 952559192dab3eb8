#include "apps/data/annotations/run_lengths.h"

#include <numeric>

#include "engine/core/check.h"

namespace dmf {

std::vector<std::uint32_t> decode_run_lengths(std::string_view text, const std::string& where) {
  std::vector<std::uint32_t> counts;
  std::size_t i = 0;
  while (i < text.size()) {
    std::int64_t value = 0;
    int shift = 0;
    for (bool more = true; more; shift += 5) {
      DMF_CHECK(i < text.size() && shift <= 30, IoError,
                "{}: the run lengths end within a number, or one is too large.", where);
      const int bits = text[i++] - '0';
      DMF_CHECK(bits >= 0 && bits < 64, IoError, "{}: run lengths with the byte {}.", where,
                static_cast<int>(static_cast<unsigned char>(text[i - 1])));
      value |= std::int64_t{bits & 31} << shift;
      more = (bits & 32) != 0;
      if (!more && (bits & 16) != 0) value -= std::int64_t{1} << (shift + 5);
    }
    if (counts.size() > 2) value += counts[counts.size() - 2];
    DMF_CHECK(value >= 0 && value <= UINT32_MAX, IoError, "{}: a run of {} pixels.", where, value);
    counts.push_back(static_cast<std::uint32_t>(value));
  }
  return counts;
}

void check_run_lengths(const RunLengths& runs, const std::string& where) {
  const std::int64_t pixels =
      std::accumulate(runs.counts.begin(), runs.counts.end(), std::int64_t{0});
  DMF_CHECK(pixels == std::int64_t{runs.height} * runs.width, IoError,
            "{}: run lengths of {} pixels for an image of {} x {}.", where, pixels, runs.width,
            runs.height);
}

}  // namespace dmf
