#include "engine/kernels/concat/concat.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceConcat final : public ConcatKernels<T> {
 public:
  void concat(std::span<const ConstView<T>> parts, View<T> whole) const override {
    Index first = 0;
    for (const ConstView<T>& part : parts) {
      pixels(whole).middleCols(first, part.size(-1)) = pixels(part);
      first += part.size(-1);
    }
  }

  void split(In<T> whole, std::span<const View<T>> parts) const override {
    Index first = 0;
    for (const View<T>& part : parts) {
      if (part) pixels(part) = pixels(whole).middleCols(first, part.size(-1));
      first += part.size(-1);
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
