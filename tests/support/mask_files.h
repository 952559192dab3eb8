#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/drawn_masks.h"

namespace dmf {

/// A way in which drawn masks come as files: their pixels (MaskWriting) in a format.
struct MaskFiles {
  std::string format;  // "PNG": rows of one format stand together
  std::string name;
  MaskWriting::Without without;
  std::string settles;  // "--mask-values 0,100,200"; empty: no option does
  int classes = 2;      // without the ignored label
  int ignored = -1;
  std::string extension = ".png";
  /// Of the first of a set every class has a pixel.
  std::function<LabelMap(Rng& rng, bool all_classes)> draw =
      nullptr;  // labels as they should be read
  /// Null: one JSON holds them for many images (coco_of).
  std::function<std::string(const LabelMap& labels, Rng& rng)> encode = nullptr;
  /// EXIF orientations of one image and its masks, and whether the masks mean the upright image.
  struct Tags {
    int image = 1, masks = 1;
    bool upright = true;
  };
  std::function<Tags(Rng& rng)> tags = nullptr;  // null: none
};

/// Every encoding in every format that can hold it, some at random, as mask_writings() has them;
/// and annotations. TIFF and DICOM where they were built in.
std::vector<MaskFiles> mask_files(Rng& rng);

/// An image of that size, of no colour that a mask has, with a file name's extension.
struct ImageFile {
  std::string extension, bytes;
};
ImageFile any_image(Rng& rng, int height, int width, int orientation);

}  // namespace dmf
