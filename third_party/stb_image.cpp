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

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>
