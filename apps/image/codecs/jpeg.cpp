#include <algorithm>

#include "apps/image/codecs/decoders.h"
#include "apps/image/codecs/exif.h"
#include "apps/image/codecs/jpeg_check.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kEndMarker("\xff\xd9", 2);

/// Rows from the first that differs down; 0 where none does.
int lower_rows_that_differ(const RawImage& a, const RawImage& b) {
  const auto [first, other] =
      std::mismatch(a.samples.begin(), a.samples.end(), b.samples.begin(), b.samples.end());
  if (first == a.samples.end()) return 0;
  return a.height - static_cast<int>((first - a.samples.begin()) / (a.width * a.channels));
}

/// How many of the lower rows differ from `raw` when the coded pixels are cut at `end`. A decoder
/// that runs out of them goes on with zero bits; here it finds ones, which differ from zeros in
/// every code (0xfe is the byte with the most of them that begins no marker).
int rows_from_behind(std::string_view bytes, std::size_t end, const RawImage& raw) {
  constexpr std::size_t kEnough = 256;
  const StbResult other = decode_with_stb(
      fmt::format("{}{}{}", bytes.substr(0, end), std::string(kEnough, '\xfe'), kEndMarker));
  return other.reason.empty() ? lower_rows_that_differ(raw, other.raw) : raw.height;
}

/// How many of the lower rows the file lacks: those that what follows the last scan would change.
/// Or those that were read from zero bytes with which the file was filled up: more of them than the
/// picture needs, whereas coded pixels that happen to be zeros are needed to the last.
int missing_rows(std::string_view bytes, const JpegFacts& facts, const RawImage& raw) {
  constexpr std::size_t kFilling = 16;
  const int missing = rows_from_behind(bytes, facts.end_of_scans, raw);
  const std::string_view coded = bytes.substr(0, facts.end_of_scans);
  const std::size_t last = coded.find_last_not_of('\0');
  const std::size_t zeros = last == std::string_view::npos ? 0 : coded.size() - 1 - last;
  if (missing > 0 || zeros < kFilling ||
      rows_from_behind(bytes, coded.size() - kFilling, raw) > 0) {
    return missing;
  }
  return rows_from_behind(bytes, coded.size() - zeros, raw);
}

}  // namespace

RawImage decode_jpeg(std::string_view bytes, std::string_view name) {
  const JpegFacts facts = check_jpeg(bytes, name);
  check_size(facts.width, facts.height, name);
  const std::string ended = fmt::format("{}{}", bytes.substr(0, facts.end_of_scans), kEndMarker);
  StbResult result = decode_with_stb(ended);
  DMF_CHECK(result.reason.empty(), IoError, "[image] {} is a JPEG that cannot be decoded ({}).",
            name, result.reason);
  RawImage& raw = result.raw;
  const int missing = missing_rows(bytes, facts, raw);
  const std::string early =
      missing > 0       ? fmt::format("ends early: the lower {:.0f} % of its rows are missing",
                                      std::max(1.0, 100.0 * missing / raw.height))
      : facts.all_scans ? ""
                        : "ends early: its finer details are missing";
  DMF_CHECK(early.empty() || facts.end_marker, IoError, "[image] {} is a damaged JPEG: it {}.",
            name, early);
  if (!early.empty()) raw.warnings.push_back(early);
  if (!facts.end_marker)
    raw.warnings.push_back("ends without its end marker; its pixels are whole");
  if (facts.exif) note_orientation(raw, *facts.exif);
  return std::move(raw);
}

}  // namespace dmf
