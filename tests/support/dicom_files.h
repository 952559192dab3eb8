#pragma once

#include <optional>
#include <string>

#include "tests/support/image_files.h"

namespace dmf {

/// What a DICOM says besides its pixels.
struct DicomHeader {
  std::string colours;  // PhotometricInterpretation; empty: MONOCHROME2 or RGB
  int allocated = 0;    // bits a sample takes; 0: the smaller of 8 and 16 that holds them
  int low_bit = 0;      // below which bits are unused
  bool is_signed = false;
  bool planes = false;      // all red first
  std::string compression;  // "", "RLE", "JPEG" (lossless), "JPEG-LS"
  std::string patient;      // PatientID
  std::string person;       // names, dates and places of all kinds, and of a private element
  std::string spacing;      // PixelSpacing, as "0.5\\0.25"
  std::optional<std::array<double, 2>> region;  // cm a pixel down and across, of two equal regions
};

/// A DICOM file with the frames one after another, written by DCMTK: 1 or 3 samples a pixel, of 1
/// to 16 bits as the drawings say, all of one size.
std::string encode_dicom(const std::vector<Drawing>& frames, const DicomHeader& header = {});

/// A DICOM file with a palette of at most 256 colours, 16 bits an entry.
std::string encode_dicom_palette(const PaletteDrawing& drawing, const DicomHeader& header = {});

}  // namespace dmf
