#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/image/mask_choice.h"

namespace dmf {

/// One source of a set's masks, explained or not.
struct MaskReading {
  std::optional<MaskEncoding> encoding;
  std::string refusal;  // "FILE holds ...: give ...", where there is none
};

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

/// Levels in two piles, or a probability map: class 1 above a threshold. Nothing where the levels
/// are not like that.
std::optional<MaskEncoding> read_soft(const SetValues& values, const MaskOptions& options);

/// Explains a set seen through one source.
MaskReading read_through(MaskEncoding::Source source, const std::vector<MaskFacts>& masks,
                         const MaskOptions& options);

/// "--mask-from palette --mask-values 0,100,200": what of it a user has to give with the source.
std::string with_source(MaskEncoding::Source source, const MaskOptions& options,
                        const std::string& option);

}  // namespace dmf
