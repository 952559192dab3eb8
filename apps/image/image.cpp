#include "apps/image/image.h"

#include <stb/stb_image.h>
#include <stb/stb_image_write.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <memory>

#include "apps/image/png_check.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;
constexpr std::int64_t kLargestPixels = std::int64_t{1} << 26;  // 8192 x 8192

struct StbFree {
  void operator()(void* pixels) const { stbi_image_free(pixels); }
};

template <class Sample>
RawImage from_stb(Sample* pixels, int height, int width, int channels, int largest,
                  std::string_view name) {
  const std::unique_ptr<Sample, StbFree> owner(pixels);
  DMF_CHECK(pixels != nullptr, IoError, "[image] cannot decode {}: {}.", name,
            stbi_failure_reason());
  RawImage raw{height, width, channels, largest};
  raw.samples.assign(pixels, pixels + std::int64_t{height} * width * channels);
  return raw;
}

}  // namespace

bool is_image_path(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg" || extension == ".bmp";
}

RawImage read_image(const std::filesystem::path& path) {
  return decode_image(read_file(path, kLargestFile), path.string());
}

RawImage decode_image(std::string_view bytes, std::string_view name) {
  DMF_CHECK(!bytes.empty(), IoError, "[image] {} is empty.", name);
  if (is_png(bytes)) check_png(bytes, name);
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const int size = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  DMF_CHECK(stbi_info_from_memory(data, size, &width, &height, &channels) != 0, IoError,
            "[image] {} is no PNG, JPEG or BMP image, or is damaged ({}).", name,
            stbi_failure_reason());
  DMF_CHECK(width > 0 && height > 0 && std::int64_t{width} * height <= kLargestPixels, IoError,
            "[image] {} is {} x {} pixels: expected at least 1 and at most {} in all.", name, width,
            height, kLargestPixels);
  if (stbi_is_16_bit_from_memory(data, size) != 0) {
    stbi_us* pixels = stbi_load_16_from_memory(data, size, &width, &height, &channels, 0);
    return from_stb(pixels, height, width, channels, 65535, name);
  }
  stbi_uc* pixels = stbi_load_from_memory(data, size, &width, &height, &channels, 0);
  return from_stb(pixels, height, width, channels, 255, name);
}

Image to_intensities(const RawImage& raw, int channels) {
  Image image(raw.height, raw.width, channels);
  const float scale = 1.0f / static_cast<float>(raw.largest);
  const bool colour = raw.channels >= 3;
  for (int h = 0; h < raw.height; ++h) {
    for (int w = 0; w < raw.width; ++w) {
      if (channels == 1) {
        const float value = colour ? 0.299f * static_cast<float>(raw.at(h, w, 0)) +
                                         0.587f * static_cast<float>(raw.at(h, w, 1)) +
                                         0.114f * static_cast<float>(raw.at(h, w, 2))
                                   : static_cast<float>(raw.at(h, w, 0));
        image.at(h, w) = value * scale;
      } else {
        for (int c = 0; c < channels; ++c) {
          image.at(h, w, c) = static_cast<float>(raw.at(h, w, colour ? c : 0)) * scale;
        }
      }
    }
  }
  return image;
}

std::string encode_png(int height, int width, int channels,
                       const std::vector<std::uint8_t>& samples) {
  std::string bytes;
  const auto append = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  const int done = stbi_write_png_to_func(append, &bytes, width, height, channels, samples.data(),
                                          width * channels);
  DMF_CHECK(done != 0, IoError, "[image] cannot encode {} x {} pixels as PNG.", width, height);
  return bytes;
}

void write_png(const std::filesystem::path& path, int height, int width, int channels,
               const std::vector<std::uint8_t>& samples) {
  write_file_atomically(path, encode_png(height, width, channels, samples));
}

std::uint8_t to_byte(float intensity) {
  return static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(intensity, 0.0f, 1.0f)));
}

}  // namespace dmf
