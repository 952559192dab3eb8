#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/core/rng.h"

namespace dmf {

/// Where a layout puts an image and its masks: paths without extension.
struct Place {
  std::string image;
  std::vector<std::string> masks;
};

/// A way in which people lay a data set in folders.
struct WrittenLayout {
  std::string name;
  /// Of image `i` of the set, from 1, with so many masks.
  std::function<Place(int i, int masks)> place;
  int most_masks = 3;      // of one image
  bool odd_case = false;   // masks' names may differ in case and separators (in_odd_case)
  bool many_sets = false;  // each folder is a set of its own

  /// The folder of the set that an image is in, empty for the outermost.
  std::string set_of(const std::string& image) const {
    return many_sets ? image.substr(0, image.find('/')) : "";
  }
};

/// Every layout, each time with other names: of folders, images, prefixes and suffixes.
std::vector<WrittenLayout> written_layouts(Rng& rng);

/// The file name in another case, '-', '_' and ' ' for one another.
std::string in_odd_case(const std::string& name, Rng& rng);

}  // namespace dmf
