#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// How the grey values of a data set's mask files become classes. Decided once for the whole set
/// and printed.
struct MaskRule {
  enum class Kind {
    binary,     // values {0, 1} or {0, largest}: anything above 0 is class 1
    threshold,  // a probability map: at least `threshold` of the largest value is class 1
    index,      // the value is the class
  };
  Kind kind = Kind::binary;
  double threshold = 0.5;
  int classes = 2;

  std::string describe() const;
};

/// The values of a mask file, as far as the rule needs them.
struct MaskValues {
  std::filesystem::path path;
  int largest_possible = 255;
  std::set<int> values;  // distinct grey values
};

/// Grey value of every pixel: the sample itself, or the luminance of a coloured pixel. Alpha is
/// dropped.
std::vector<int> grey_values(const RawImage& raw);

/// Chooses the rule that explains every mask.
///
/// classes    of the network; above 2 means index masks
/// threshold  for probability maps, in (0, 1]
/// throws     IoError naming a mask whose values fit no rule, the values and what to do
MaskRule choose_mask_rule(const std::vector<MaskValues>& masks, int classes, double threshold);

/// Labels of one mask file.
LabelMap to_labels(const RawImage& raw, const MaskRule& rule);

/// Marks in `target` every pixel that `other` marks (masks of several lesions of one image). Sizes
/// must agree.
void unite(LabelMap& target, const LabelMap& other);

}  // namespace dmf
