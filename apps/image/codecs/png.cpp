#include <algorithm>

#include "apps/image/codecs/decoders.h"
#include "apps/image/codecs/exif.h"
#include "apps/image/codecs/png_check.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// stb's words for what goes wrong in the pixels, or ours where they would not be understood.
std::string plain_reason(const std::string& reason) {
  if (reason == "not enough pixels" || reason == "unexpected end") {
    return "its pixels end early";
  }
  return fmt::format("its pixels cannot be decompressed ({})", reason);
}

}  // namespace

RawImage decode_png(std::string_view bytes, std::string_view name) {
  const PngFacts facts = check_png(bytes, name);
  check_size(facts.width, facts.height, name);
  const bool palette = facts.colour_type == 3;
  std::string own;  // what the decoder is given instead
  if (palette) bytes = own = as_grey_png(bytes);
  if (auto stored = as_stored_png(bytes, facts)) bytes = own = std::move(*stored);
  StbResult result = decode_with_stb(bytes);
  DMF_CHECK(result.reason.empty(), IoError, "[image] {} is a damaged PNG: {}.", name,
            plain_reason(result.reason));
  RawImage& raw = result.raw;
  raw.bits = facts.bits;
  if (palette) {  // stb scales a grey of fewer bits to 0..255
    const int scale = 255 / ((1 << facts.bits) - 1);
    raw.palette = facts.palette;
    raw.indices.resize(raw.samples.size());
    std::transform(raw.samples.begin(), raw.samples.end(), raw.indices.begin(),
                   [=](std::uint16_t grey) { return static_cast<std::uint8_t>(grey / scale); });
    apply_palette(raw, facts.transparency, name);
  }
  if (facts.exif) note_orientation(raw, *facts.exif);
  return std::move(raw);
}

}  // namespace dmf
