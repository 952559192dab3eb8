#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/image/masks/mask_choice.h"
#include "apps/image/masks/mask_values.h"

namespace dmf {

/// One source of a set's masks, explained or not.
struct MaskReading {
  std::optional<MaskEncoding> encoding;
  std::string refusal;  // "FILE holds ...: give ...", where there is none
};

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
