#pragma once

#include <string>

namespace dmf {

/// Whether a text holds another.
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace dmf
