#include "engine/io/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace dmf {

std::string hash_of(std::string_view bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace dmf
