#include <stb/stb_image.h>

#include <cmath>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

struct StbFree {
  void operator()(void* pixels) const { stbi_image_free(pixels); }
};

template <class Sample>
StbResult taken(Sample* pixels, int height, int width, int channels, int largest) {
  const std::unique_ptr<Sample, StbFree> owner(pixels);
  if (pixels == nullptr) {
    const char* said = stbi_failure_reason();  // null for some requests that were not met
    const std::string_view reason = said == nullptr ? "outofmem" : said;
    if (reason == "outofmem") throw std::bad_alloc();  // which is no fault of the file
    return {{}, std::string(reason)};
  }
  RawImage raw{height, width, channels, largest};
  raw.samples.assign(pixels, pixels + std::int64_t{height} * width * channels);
  return {std::move(raw), ""};
}

}  // namespace

StbResult decode_with_stb(std::string_view bytes) {
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  if (stbi_is_16_bit_from_memory(data, size) != 0) {
    stbi_us* pixels = stbi_load_16_from_memory(data, size, &width, &height, &channels, 0);
    return taken(pixels, height, width, channels, 65535);
  }
  stbi_uc* pixels = stbi_load_from_memory(data, size, &width, &height, &channels, 0);
  return taken(pixels, height, width, channels, 255);
}

void check_size(std::int64_t width, std::int64_t height, std::string_view name) {
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;  // 8192 x 8192
  DMF_CHECK(width > 0 && height > 0, IoError,
            "[image] {} is {} x {} pixels: expected at least 1 x 1.", name, width, height);
  DMF_CHECK(width <= kMostPixels / height, IoError,
            "[image] {} has {:.0f} million pixels ({} x {}): at most 67 million are read. Scale it "
            "down or cut it.",
            name, std::ceil(1e-6 * static_cast<double>(width) * static_cast<double>(height)), width,
            height);
}

void apply_palette(RawImage& raw, bool alpha, std::string_view name) {
  raw.channels = alpha ? 4 : 3;
  raw.largest = 255;
  const auto channels = static_cast<std::size_t>(raw.channels);
  raw.samples.resize(raw.indices.size() * channels);
  std::uint16_t* sample = raw.samples.data();
  for (const std::uint8_t index : raw.indices) {
    DMF_CHECK(
        index < raw.palette.size(), IoError,
        "[image] {} is damaged: a pixel has the colour {} of a palette of {}, counted from 0.",
        name, index, raw.palette.size());
    const auto& colour = raw.palette[index];
    for (std::size_t c = 0; c < channels; ++c) *sample++ = colour[c];
  }
}

}  // namespace dmf
