#include "engine/cuda/memory_kernels.h"

#include <algorithm>
#include <cstring>

#include "engine/cuda/launch.cuh"

namespace dmf::cuda {
namespace {

struct Bytes {
  unsigned char values[3840];  // a kernel's parameters may take 4096 bytes
};

__global__ void store_bytes(unsigned char* to, const __grid_constant__ Bytes from, int count) {
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
    to[i] = from.values[i];
  }
}

template <class Word>
__global__ void fill_words(Word* to, Word word, Index count) {
  const Index i = global_thread();
  if (i < count) to[i] = word;
}

template <class Word>
void fill_with(void* to, std::uint64_t pattern, std::size_t count) {
  const auto total = static_cast<Index>(count);
  launch({"fill", blocks_for(total), kThreads}, fill_words<Word>, static_cast<Word*>(to),
         static_cast<Word>(pattern), total);
}

}  // namespace

void store_constant(void* to, const void* from, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes; done += sizeof(Bytes)) {
    const std::size_t count = std::min(sizeof(Bytes), bytes - done);
    Bytes part{};
    std::memcpy(part.values, static_cast<const unsigned char*>(from) + done, count);
    launch({"store_constant", 1, kThreads}, store_bytes, static_cast<unsigned char*>(to) + done,
           part, static_cast<int>(count));
  }
}

void fill_pattern(void* to, std::uint64_t pattern, std::size_t pattern_bytes, std::size_t count) {
  switch (pattern_bytes) {
    case 1:
      return fill_with<std::uint8_t>(to, pattern, count);
    case 2:
      return fill_with<std::uint16_t>(to, pattern, count);
    case 4:
      return fill_with<std::uint32_t>(to, pattern, count);
    default:
      return fill_with<std::uint64_t>(to, pattern, count);
  }
}

}  // namespace dmf::cuda
