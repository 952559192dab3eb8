#include "engine/kernels/pad2d/pad2d.h"

namespace dmf {
namespace {

template <class T>
class ReferencePad2d final : public Pad2dKernels<T> {
 public:
  void apply(const Padding& pad, In<T> x, View<T> y) const override {
    Index at = 0;
    for (Index n = 0; n < y.size(0); ++n)
      for (Index i = 0; i < y.size(1); ++i)
        for (Index j = 0; j < y.size(2); ++j)
          for (Index c = 0; c < y.size(3); ++c) {
            const Index h = i - pad.top, w = j - pad.left;
            const bool inside = h >= 0 && h < x.size(1) && w >= 0 && w < x.size(2);
            y.data[at++] =
                inside ? x.data[((n * x.size(1) + h) * x.size(2) + w) * x.size(3) + c] : T{0};
          }
  }
};

}  // namespace

template <class T>
const Pad2dKernels<T>& Pad2dKernels<T>::reference() {
  static const ReferencePad2d<T> kernels{};
  return kernels;
}
template const Pad2dKernels<float>& Pad2dKernels<float>::reference();
template const Pad2dKernels<double>& Pad2dKernels<double>::reference();

}  // namespace dmf
