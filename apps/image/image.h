#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// What the first bytes of a file say it is.
enum class FileFormat { png, jpeg, bmp };

/// An image as its file holds it: samples of 8 or 16 bits, interleaved, rows from the top.
struct RawImage {
  int height = 0, width = 0;
  int channels = 0;                    // 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA
  int largest = 255;                   // of any sample: 255 or 65535
  std::vector<std::uint16_t> samples;  // of a palette file: the colours

  FileFormat format = FileFormat::png;
  std::vector<std::array<std::uint8_t, 4>> palette;  // red, green, blue, alpha; empty without one
  std::vector<std::uint8_t> indices;  // of a palette file: each pixel's index into it
  int orientation = 1;                // EXIF: 1 upright to 8; what the file says, not yet applied
  std::vector<std::string> warnings;  // of an odd file whose pixels are whole

  std::uint16_t at(int h, int w, int c) const {
    return samples[(static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
                    static_cast<std::size_t>(w)) *
                       static_cast<std::size_t>(channels) +
                   static_cast<std::size_t>(c)];
  }
};

/// Intensities in [0, 1], [height, width, channels].
struct Image {
  int height = 0, width = 0, channels = 1;
  std::vector<float> pixels;

  Image() = default;
  Image(int h, int w, int c)
      : height(h),
        width(w),
        channels(c),
        pixels(static_cast<std::size_t>(h) * static_cast<std::size_t>(w) *
               static_cast<std::size_t>(c)) {}
  std::size_t index(int h, int w, int c = 0) const {
    return (static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(w)) *
               static_cast<std::size_t>(channels) +
           static_cast<std::size_t>(c);
  }
  float& at(int h, int w, int c = 0) { return pixels[index(h, w, c)]; }
  float at(int h, int w, int c = 0) const { return pixels[index(h, w, c)]; }
};

/// Class of every pixel, [height, width].
struct LabelMap {
  int height = 0, width = 0;
  std::vector<std::int32_t> labels;

  LabelMap() = default;
  LabelMap(int h, int w)
      : height(h), width(w), labels(static_cast<std::size_t>(h) * static_cast<std::size_t>(w)) {}
  std::size_t index(int h, int w) const {
    return static_cast<std::size_t>(h) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(w);
  }
  std::int32_t& at(int h, int w) { return labels[index(h, w)]; }
  std::int32_t at(int h, int w) const { return labels[index(h, w)]; }
};

/// True for the extensions we decode: .png, .jpg, .jpeg, .bmp in any case.
bool is_image_path(const std::filesystem::path& path);

/// Decodes PNG (1 to 16 bit, grey, palette, RGB, RGBA), JPEG or BMP.
///
/// throws  IoError with the path and the reason: not an image, damaged (of a PNG every checksum is
///         looked at), truncated, too large
RawImage read_image(const std::filesystem::path& path);
/// The same from memory; `name` is for the message.
RawImage decode_image(std::string_view bytes, std::string_view name);

/// Intensities in [0, 1]; alpha is dropped. One channel: grey by 0.299 R + 0.587 G + 0.114 B;
/// three: RGB, grey repeated.
///
/// channels  1 or 3
Image to_intensities(const RawImage& raw, int channels);

/// 8-bit samples [height, width, channels] as the bytes of a PNG file.
std::string encode_png(int height, int width, int channels,
                       const std::vector<std::uint8_t>& samples);
/// Writes 8-bit samples [height, width, channels] as PNG, atomically.
void write_png(const std::filesystem::path& path, int height, int width, int channels,
               const std::vector<std::uint8_t>& samples);

/// Intensity in [0, 1] to 0..255, rounded and clamped.
std::uint8_t to_byte(float intensity);

}  // namespace dmf
