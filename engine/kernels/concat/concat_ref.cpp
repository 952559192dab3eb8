#include "engine/kernels/concat/concat.h"

namespace dmf {
namespace {

template <class T>
class ReferenceConcat final : public ConcatKernels<T> {
 public:
  void concat(std::span<const ConstView<T>> parts, View<T> whole) const override {
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

  void split(In<T> whole, std::span<const View<T>> parts) const override {
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
};

}  // namespace

template <class T>
const ConcatKernels<T>& ConcatKernels<T>::reference() {
  static const ReferenceConcat<T> kernels{};
  return kernels;
}
template const ConcatKernels<float>& ConcatKernels<float>::reference();
template const ConcatKernels<double>& ConcatKernels<double>::reference();

}  // namespace dmf
