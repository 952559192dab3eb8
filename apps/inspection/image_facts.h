#pragma once

#include <string>
#include <vector>

#include "apps/data/samples.h"

namespace dmf {

/// What there is to know of an image and its labels before any training.
struct ImageFacts {
  std::string id;
  int height = 0, width = 0, channels = 1, bits = 8;
  FileFormat format = FileFormat::png;
  int orientation = 1;                // EXIF, as the file says
  double lesion_share = 0.0;          // of the labelled pixels, at the file's own size
  std::vector<std::int64_t> lesions;  // pixels of each, at the file's own size, largest first
  int below_a_pixel = 0;  // of them, those that no pixel of the network's size would show by itself
  // Of the pixels: those of a grey image that are coloured (burnt-in marks and text), and those
  // that are as bright as the file's type allows.
  double coloured = 0.0, saturated = 0.0;
  double contrast = 0.0;              // between percentiles 1 and 99 of the intensities, 0 to 1
  std::vector<std::string> warnings;  // of the file reader
  std::string thumbnail;              // a JPEG file: the image with its lesions outlined
};

/// Reads the files of an item.
///
/// side    of the thumbnail, at most, in pixels
/// throws  IoError as read_image() and read_labels()
ImageFacts look_at(const SampleSet& samples, std::size_t item, int side);

}  // namespace dmf
