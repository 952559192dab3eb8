#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/image/codecs/raw_image.h"

// One decoder a format, for decode_image alone, which says what they have in common: whole bytes
// in, samples out, IoError naming the file and the reason for whatever is unsound.
namespace dmf {

RawImage decode_png(std::string_view bytes, std::string_view name);
RawImage decode_jpeg(std::string_view bytes, std::string_view name);
RawImage decode_bmp(std::string_view bytes, std::string_view name);

/// In tiff.cpp, or without libtiff in tiff_absent.cpp. The first page alone.
extern const bool kTiffBuiltIn;
RawImage decode_tiff(std::string_view bytes, std::string_view name);

/// In dicom.cpp, or without DCMTK in dicom_absent.cpp.
///
/// frame  counts from 0
extern const bool kDicomBuiltIn;
RawImage decode_dicom(std::string_view bytes, std::string_view name, int frame);
int dicom_frames(std::string_view bytes, std::string_view name);

/// What stb makes of a PNG, JPEG or BMP.
struct StbResult {
  RawImage raw;        // without samples where it failed
  std::string reason;  // why it failed; empty where it did not
};
StbResult decode_with_stb(std::string_view bytes);

/// throws  IoError for an image without pixels or with more than 2^26
void check_size(std::int64_t width, std::int64_t height, std::string_view name);

/// The colour of every index, with alpha where a colour of the palette has one below 255 or `alpha`
/// says so: samples, largest and channels of an image whose indices and palette are there.
///
/// throws  IoError for an index that the palette lacks
void apply_palette(RawImage& raw, bool alpha, std::string_view name);

}  // namespace dmf
