#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "apps/data/annotations/annotation.h"

namespace dmf {

/// COCO's compressed run lengths: numbers in groups of five bits, least first, each a character
/// from '0' on, the sixth bit says that more follow; from the fourth count on the difference to
/// the count before the last.
///
/// throws  IoError with `where` for characters, ends or counts that are not sound
std::vector<std::uint32_t> decode_run_lengths(std::string_view text, const std::string& where);

/// Fails unless the counts cover the image exactly.
///
/// throws  IoError with `where`
void check_run_lengths(const RunLengths& runs, const std::string& where);

}  // namespace dmf
