#include "engine/cuda/elements.cuh"
#include "engine/kernels/concat/concat.h"

namespace dmf {
namespace {

using namespace cuda;

/// Copies columns of a [rows, from_width] matrix into columns of a [rows, to_width] one, V elements
/// a thread.
template <class E, int V>
__global__ void copy_columns(Index count, Divisor groups, Index from_width, Index to_width,
                             const E* from, E* to) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const Index row = groups.divide(static_cast<unsigned>(thread));
  const Index column = (thread - row * groups.value) * V;
  *reinterpret_cast<Pack<E, V>*>(to + row * to_width + column) =
      *reinterpret_cast<const Pack<E, V>*>(from + row * from_width + column);
}

/// width columns; from and to point at the first of them.
template <class E>
void copy(const char* name, Index rows, Index width, Index from_width, Index to_width,
          const E* from, E* to) {
  const auto aligned = [](const E* at) { return reinterpret_cast<std::uintptr_t>(at) % 16 == 0; };
  const bool by_packs =
      packs<E>(width) && packs<E>(from_width) && packs<E>(to_width) && aligned(from) && aligned(to);
  const Index groups = by_packs ? width / kPack<E> : width, count = rows * groups;
  check_count(name, count);
  launch({name, blocks_for(count), kThreads},
         by_packs ? copy_columns<E, kPack<E>> : copy_columns<E, 1>, count, Divisor(groups),
         from_width, to_width, from, to);
}

template <class T>
class CudaConcat final : public ConcatKernels<T> {
 public:
  void concat(std::span<const ConstView<T>> parts, View<T> whole) const override {
    const Index C = whole.size(-1);
    with_element<T>(whole.storage, [&]<class E>(E) {
      Index first = 0;
      for (const ConstView<T>& part : parts) {
        const Index width = part.size(-1);
        if (width == 0) continue;
        copy("concat_channels", part.numel() / width, width, width, C, elements<E>(part),
             elements<E>(whole) + first);
        first += width;
      }
    });
  }

  void split(In<T> whole, std::span<const View<T>> parts) const override {
    const Index C = whole.size(-1);
    with_element<T>(whole.storage, [&]<class E>(E) {
      Index first = 0;
      for (const View<T>& part : parts) {
        const Index width = part.size(-1);
        if (part && width > 0) {
          copy("split_channels", part.numel() / width, width, C, width,
               static_cast<const E*>(elements<E>(whole) + first), elements<E>(part));
        }
        first += width;
      }
    });
  }
};

}  // namespace

template <class T>
const ConcatKernels<T>& ConcatKernels<T>::cuda() {
  static const CudaConcat<T> kernels{};
  return kernels;
}
template const ConcatKernels<float>& ConcatKernels<float>::cuda();
template const ConcatKernels<double>& ConcatKernels<double>::cuda();

}  // namespace dmf
