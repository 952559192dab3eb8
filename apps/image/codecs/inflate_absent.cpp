#include <boost/crc.hpp>

#include "apps/image/codecs/inflate.h"

namespace dmf {

std::optional<std::string> inflate(std::string_view, std::size_t) {
  return std::nullopt;
}

std::uint32_t crc32_of(std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

}  // namespace dmf
