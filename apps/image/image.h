#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/image/file_format.h"

namespace dmf {

/// Millimetres between the middles of neighbouring rows and of neighbouring columns.
using Spacing = std::array<double, 2>;

/// An image as its file holds it: samples of up to 16 bits, interleaved, rows from the top.
struct RawImage {
  int height = 0, width = 0;
  int channels = 0;   // 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA
  int largest = 255;  // of any sample: 255, 65535, or of a DICOM any 2^bits - 1
  std::vector<std::uint16_t> samples = {};  // of a palette file: the colours

  FileFormat format = FileFormat::png;
  std::vector<std::array<std::uint8_t, 4>> palette =
      {};                                  // red, green, blue, alpha; empty without one
  std::vector<std::uint8_t> indices = {};  // of a palette file: each pixel's index into it
  int orientation = 1;  // EXIF: 1 upright to 8; what the file says, not yet applied
  std::vector<std::string> warnings = {};  // of an odd file, without its name: "ends without ..."
  int bits = 8;  // a sample, or an index, as the file says; fewer than 8 are scaled to 0..255
                 // above, so that of 2 bits the 1 becomes 85, but not those of a DICOM
  std::optional<Spacing> spacing = {};  // of a DICOM
  std::string patient = {};             // a hash of a DICOM's PatientID; empty without one

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

/// Decodes PNG (1 to 16 bit, grey, palette, RGB, RGBA), JPEG, BMP, and with their libraries TIFF
/// and DICOM. The content decides which, not the name. EXIF's orientation is read, not applied.
///
/// frame   of a DICOM with several, from 0; all others have one
/// throws  IoError with the path and the reason: not an image and what it is instead, damaged (of a
///         PNG every checksum is looked at), ends early, too large, no such frame
RawImage read_image(const std::filesystem::path& path, int frame = 0);
/// The same from memory; `name` is for the message.
RawImage decode_image(std::string_view bytes, std::string_view name, int frame = 0);

/// Frames of the image file: of a DICOM as many as it says, of others 1.
///
/// throws  IoError for a DICOM that cannot be read
int frames_in(const std::filesystem::path& path);

/// Intensities in [0, 1]; alpha is dropped. One channel: grey by 0.299 R + 0.587 G + 0.114 B;
/// three: RGB, grey repeated.
///
/// channels  1 or 3
Image to_intensities(const RawImage& raw, int channels);

/// 8-bit samples [height, width, channels] as the bytes of a PNG file.
std::string encode_png(int height, int width, int channels,
                       const std::vector<std::uint8_t>& samples);
/// The same as a JPEG file of good quality, for pictures to look at.
std::string encode_jpeg(int height, int width, int channels,
                        const std::vector<std::uint8_t>& samples);
/// Writes 8-bit samples [height, width, channels] as PNG, atomically.
void write_png(const std::filesystem::path& path, int height, int width, int channels,
               const std::vector<std::uint8_t>& samples);

/// Intensity in [0, 1] to 0..255, rounded and clamped.
std::uint8_t to_byte(float intensity);

}  // namespace dmf
