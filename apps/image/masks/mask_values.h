#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "apps/image/masks/mask_encoding.h"
#include "apps/image/masks/mask_survey.h"

namespace dmf {

/// The colour of a grey value.
MaskColour grey(int value);

/// How a value occurs over a set.
struct ValueCount {
  std::int64_t pixels = 0, flat = 0;
  std::size_t files = 0;
  std::size_t first_file = 0;
};

/// The values of a set seen through one source, without the ignored one.
struct SetValues {
  std::map<MaskColour, ValueCount> seen;
  std::vector<std::vector<int>> of_file;  // the grey ones of each file, ascending
  std::int64_t pixels = 0;
  bool has_ignored = false;
  bool all_grey = true;
  bool any_palette = false;
  int largest = 0;                    // of any file's type
  std::int64_t faint = 0;             // MaskFacts::faint of all files
  const MaskFacts* jpeg = nullptr;    // the first mask that is one
  const MaskFacts* merged = nullptr;  // the first with more colours than were kept
};

/// throws  ValueError "FILE has no alpha channel ..." where the source says nothing of a file
SetValues values_of(const std::vector<MaskFacts>& masks, MaskEncoding::Source source,
                    int ignore_index);

}  // namespace dmf
