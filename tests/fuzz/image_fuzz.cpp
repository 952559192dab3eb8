#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "engine/core/check.h"

namespace {

/// Makes the checksums of a PNG's chunks right, so that what is inside them is looked at.
void mend_checksums(std::string& bytes) {
  constexpr std::size_t kSignature = 8, kAround = 12;
  for (std::size_t at = kSignature; at + kAround <= bytes.size();) {
    std::uint32_t length = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      length = length << 8 | static_cast<unsigned char>(bytes[at + k]);
    }
    if (length > bytes.size() - at - kAround) return;
    boost::crc_32_type crc;
    crc.process_bytes(bytes.data() + at + 4, 4 + std::size_t{length});
    for (std::size_t k = 0; k < 4; ++k) {
      bytes[at + 8 + length + k] = static_cast<char>(crc.checksum() >> (24 - 8 * k) & 0xffu);
    }
    at += kAround + length;
  }
}

}  // namespace

// Any bytes are an image or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kMostPixels = 1 << 20;  // larger ones are sound but slow
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.size() > 4 && bytes.compare(1, 3, "PNG") == 0) mend_checksums(bytes);
  try {
    const auto raw = dmf::decode_image(bytes, "fuzz");
    if (std::int64_t{raw.height} * raw.width <= kMostPixels) dmf::to_intensities(raw, 1);
  } catch (const dmf::IoError&) {
  }
  return 0;
}
