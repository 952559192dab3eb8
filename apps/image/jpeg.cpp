#include <algorithm>

#include "apps/image/decoders.h"
#include "apps/image/exif.h"
#include "apps/image/jpeg_check.h"
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

/// How many of the lower rows the file lacks. A decoder that runs out of coded pixels goes on with
/// zero bits; if other bits behind the last scan change the picture, it ran out. Ones differ from
/// zeros in every code, and 0xfe is the byte with the most of them that begins no marker.
int missing_rows(std::string_view bytes, const JpegFacts& facts, const RawImage& raw) {
  const StbResult other = decode_with_stb(fmt::format("{}{}{}", bytes.substr(0, facts.end_of_scans),
                                                      std::string(256, '\xfe'), kEndMarker));
  return other.reason.empty() ? lower_rows_that_differ(raw, other.raw) : raw.height;
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
  if (facts.exif) {
    const std::optional<int> orientation = exif_orientation(*facts.exif);
    raw.orientation = orientation.value_or(1);
    if (!orientation) raw.warnings.push_back("has a damaged EXIF block: taken as upright");
  }
  return std::move(raw);
}

}  // namespace dmf
