#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/image/masks/mask_encoding.h"

namespace dmf {

/// Where a user may say that the classes are.
inline constexpr Named<std::optional<MaskEncoding::Source>> kMaskFrom[] = {
    {"auto", std::nullopt, "as the masks say"},
    {"alpha", MaskEncoding::Source::alpha, "the alpha channel"},
    {"palette", MaskEncoding::Source::palette, "the index into the palette"},
    {"luminance", MaskEncoding::Source::luminance, "the colour as stored"}};

/// What a user says about the masks; the defaults leave all to them.
struct MaskOptions {
  int classes = 0;                           // 0: as the masks say
  double threshold = 0.5;                    // of soft masks, in (0, 1]
  std::string values;                        // parse_mask_values; empty: not given
  std::string colours;                       // parse_mask_colours
  std::optional<MaskEncoding::Source> from;  // one of kMaskFrom; none: as the masks say
  bool probability = false;                  // they are probability maps, whatever they look like
  bool invert = false;
  int ignore_index = -1;
};

/// throws  ValueError for a value that is not sound and for options that contradict each other
void check_mask_options(const MaskOptions& options);

/// Chooses the one encoding that explains every mask of a set.
///
/// Every reading is tried: by alpha, palette index, colour over black, colour; and of each the
/// numbers 0 and V, class indices 0 to K-1, one colour on black, two piles of levels with edges
/// between, probability maps. Readings that give every pixel the same label are one.
///
/// return  with `evidence`; `classes` is options.classes, or what the masks say
/// throws  IoError, one line naming a file, what was found over the set and the options that
///         settle it, where no reading explains all or two that do differ in a label
MaskEncoding choose_mask_encoding(const std::vector<MaskFacts>& masks, const MaskOptions& options);

}  // namespace dmf
