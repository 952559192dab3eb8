#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/image/codecs/file_format.h"

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

}  // namespace dmf
