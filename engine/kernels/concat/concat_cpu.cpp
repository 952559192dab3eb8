#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/concat/concat.h"

namespace dmf::cpu {
namespace {

constexpr Index kGrain = 1024;  // pixels of a chunk

}  // namespace

template <class T>
void concat_channels(std::span<const ConstView<T>> parts, View<T> whole) {
  const Index C = whole.size(-1), M = C == 0 ? 0 : whole.numel() / C;
  parallel_chunks(M, kGrain, [&](Index begin, Index end) {
    for (Index m = begin; m < end; ++m) {
      T* to = whole.data + m * C;
      for (const ConstView<T>& part : parts) {
        const Index width = part.size(-1);
        to = std::copy_n(part.data + m * width, width, to);
      }
    }
  });
}

template <class T>
void split_channels(In<T> whole, std::span<const View<T>> parts) {
  const Index C = whole.size(-1), M = C == 0 ? 0 : whole.numel() / C;
  parallel_chunks(M, kGrain, [&](Index begin, Index end) {
    for (Index m = begin; m < end; ++m) {
      const T* from = whole.data + m * C;
      for (const View<T>& part : parts) {
        const Index width = part.size(-1);
        if (part) std::copy_n(from, width, part.data + m * width);
        from += width;
      }
    }
  });
}

#define DMF_INSTANTIATE(T)                                                  \
  template void concat_channels<T>(std::span<const ConstView<T>>, View<T>); \
  template void split_channels<T>(In<T>, std::span<const View<T>>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cpu
