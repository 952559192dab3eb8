#pragma once

#include <string>

#include "apps/files/metadata.h"

namespace dmf {

/// How an image is segmented beside the network itself; saved with the weights. Defaults are the
/// likeliest class of the network's own output.
struct Inference {
  bool mirror = false;             // average with what the mirrored image gives, mirrored back
  double scale = 1.0;              // average with what the image so many times as large gives
  double temperature = 1.0;        // of the probabilities that are written: see calibrated()
  double threshold = 0.5;          // of two classes: the least of these of a lesion, exclusive
  bool largest_component = false;  // of each class above 0 keep the largest connected part alone
  bool fill_holes = false;         // background inside a part becomes of its class

  bool operator==(const Inference&) const = default;

  /// "mirrored too, threshold 0.45, largest component": empty for the default
  std::string describe() const;
  /// Keys of what is not the default, so that files of before stay as they were.
  Metadata to_metadata() const;
  /// throws  IoError naming the key that is not sound
  static Inference from_metadata(const Metadata& metadata);
};

}  // namespace dmf
