#pragma once

#include <string>
#include <string_view>

namespace dmf {

/// XXH3 (64 bits) of the bytes, as 16 hexadecimal digits. Tells damage and difference, not malice.
std::string hash_of(std::string_view bytes);

}  // namespace dmf
