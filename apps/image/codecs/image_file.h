#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/image/codecs/raw_image.h"

namespace dmf {

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

/// 8-bit samples [height, width, channels] as the bytes of a PNG file.
std::string encode_png(int height, int width, int channels,
                       const std::vector<std::uint8_t>& samples);
/// The same as a JPEG file of good quality, for pictures to look at.
std::string encode_jpeg(int height, int width, int channels,
                        const std::vector<std::uint8_t>& samples);
/// Writes 8-bit samples [height, width, channels] as PNG, atomically.
void write_png(const std::filesystem::path& path, int height, int width, int channels,
               const std::vector<std::uint8_t>& samples);

}  // namespace dmf
