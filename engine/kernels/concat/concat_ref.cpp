#include "engine/kernels/concat/concat.h"

namespace dmf::ref {

template <class T>
void concat_channels(std::span<const ConstView<T>> parts, View<T> whole) {
  const Index C = whole.size(-1);
  Index first = 0;
  for (const ConstView<T>& part : parts) {
    const Index width = part.size(-1);
    for (Index i = 0; i < part.numel(); ++i) {
      whole.data[i / width * C + first + i % width] = part.data[i];
    }
    first += width;
  }
}

template <class T>
void split_channels(In<T> whole, std::span<const View<T>> parts) {
  const Index C = whole.size(-1);
  Index first = 0;
  for (const View<T>& part : parts) {
    const Index width = part.size(-1);
    for (Index i = 0; part && i < part.numel(); ++i) {
      part.data[i] = whole.data[i / width * C + first + i % width];
    }
    first += width;
  }
}

#define DMF_INSTANTIATE(T)                                                  \
  template void concat_channels<T>(std::span<const ConstView<T>>, View<T>); \
  template void split_channels<T>(In<T>, std::span<const View<T>>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
