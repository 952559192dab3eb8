#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/concat/concat.h"

namespace dmf {
namespace {

constexpr Index kGrain = 1024;  // pixels of a chunk

template <class T>
class CpuConcat final : public ConcatKernels<T> {
 public:
  void concat(std::span<const ConstView<T>> parts, View<T> whole) const override {
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

  void split(In<T> whole, std::span<const View<T>> parts) const override {
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
};

}  // namespace

template <class T>
template <InstructionSet>
const ConcatKernels<T>& ConcatKernels<T>::cpu() {
  static const CpuConcat<T> kernels{};
  return kernels;
}
template const ConcatKernels<float>& ConcatKernels<float>::cpu<kCompiledFor>();
template const ConcatKernels<double>& ConcatKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
