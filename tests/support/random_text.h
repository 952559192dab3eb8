#pragma once

#include <string>
#include <vector>

#include "engine/core/rng.h"

namespace dmf {

/// Text of everything that means something to some reader of configurations, tables, JSON or names:
/// quotes, separators, line ends, comments, numbers, marks, control characters, what is no UTF-8.
/// Never with a NUL.
///
/// least, most  pieces of it: words or characters
inline std::string random_text(Rng& rng, std::size_t least = 1, std::size_t most = 8) {
  static const std::vector<std::string> kPieces = {
      // clang-format off
      " ", "  ", "\t", "\n", "\r", "\r\n", "\"", "\"\"", "\"\"\"", "'", "'''", "\\", "\\n",
      "\\u0041", "#", "=", "=1", "[", "]", "{", "}", "{}", ",", ";", ":", "|", "%%", "-", "--",
      "\x01", "\x1f", "\x7f", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\xa9\xba", "\xff",
      "\xef\xbb\xbf", "sep=", "0", "0,5", "1e5", "-1", "true", "nan"
      // clang-format on
  };
  std::string text;
  for (std::size_t n = least + rng.below(most - least + 1); n > 0; --n) {
    const auto which = rng.below(2 * kPieces.size());
    text += which < kPieces.size() ? kPieces[which]
                                   : std::string(1, static_cast<char>(' ' + rng.below(95)));
  }
  return text;
}

}  // namespace dmf
