#include "apps/image/codecs/inflate.h"

#include <libdeflate.h>

#include <memory>
#include <new>

namespace dmf {

std::optional<std::string> inflate(std::string_view zlib, std::size_t size) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)>
      decompressor(libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) throw std::bad_alloc();
  std::string content(size, '\0');
  const libdeflate_result result = libdeflate_zlib_decompress(
      decompressor.get(), zlib.data(), zlib.size(), content.data(), size, nullptr);
  if (result != LIBDEFLATE_SUCCESS) return std::nullopt;
  return content;
}

std::uint32_t crc32_of(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

}  // namespace dmf
