#include <cstddef>
#include <cstdint>

#include "apps/image/image.h"
#include "engine/core/check.h"

// Any bytes are an image or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kMostPixels = 1 << 20;  // larger ones are sound but slow
  try {
    const auto raw = dmf::decode_image({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (std::int64_t{raw.height} * raw.width <= kMostPixels) dmf::to_intensities(raw, 1);
  } catch (const dmf::IoError&) {
  }
  return 0;
}
