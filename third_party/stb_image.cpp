// The one translation unit that holds stb's implementations. Only the decoders we read are compiled
// in. Whoever calls them has looked at the size (check_size), so that a small hostile file cannot ask
// for gigabytes; a side alone may be as long as all pixels together.
//
// Memory is handed out zeroed: a JPEG that names a Huffman table it never defined makes the decoder
// look things up in memory that nobody has written, and crash (found by tests/fuzz).
#include <cstdlib>
#define STBI_MALLOC(size) std::calloc(1, size)
#define STBI_REALLOC(pointer, size) std::realloc(pointer, size)
#define STBI_FREE(pointer) std::free(pointer)
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#define STBI_MAX_DIMENSIONS (1 << 26)
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>

// A PNG's compression and checksums are libdeflate's where it is there; the pixels are the same.
#ifdef DMF_WITH_DEFLATE
#include <libdeflate.h>

namespace {

unsigned char* compress(unsigned char* data, int size, int* compressed_size) {
  constexpr int kLevel = 4;
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(kLevel);
  if (compressor == nullptr) return nullptr;
  const auto given = static_cast<std::size_t>(size);
  const std::size_t room = libdeflate_zlib_compress_bound(compressor, given);
  auto* compressed = static_cast<unsigned char*>(std::malloc(room));
  if (compressed != nullptr) {
    *compressed_size =
        static_cast<int>(libdeflate_zlib_compress(compressor, data, given, compressed, room));
  }
  libdeflate_free_compressor(compressor);
  return compressed;
}

}  // namespace

#define STBIW_ZLIB_COMPRESS(data, size, compressed_size, level) \
  compress(data, size, compressed_size)
#define STBIW_CRC32(data, size) libdeflate_crc32(0, data, static_cast<std::size_t>(size))
#endif
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
