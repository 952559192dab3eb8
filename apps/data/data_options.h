#pragma once

#include <string>

#include "apps/data/item_files.h"
#include "apps/data/layouts/dataset.h"
#include "apps/image/masks/mask_choice.h"
#include "apps/image/preprocess.h"

namespace dmf {

class OptionSet;

/// Which images are read, how their masks are understood, and what the network sees of them.
struct DataOptions {
  std::string folder;
  DatasetOptions dataset;
  MaskOptions masks;  // but for its ignore_index, which the losses have too
  bool skip_broken = false;
  bool anonymise = false;
  int cache_mb = 2048;
  Exif exif = Exif::as_masks_fit;
  PreprocessSpec preprocess = {.label_resize = LabelResize::nearest};

  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
