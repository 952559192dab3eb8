#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/pad2d/pad2d.h"

namespace dmf {
namespace {

template <class T>
class CpuPad2d final : public Pad2dKernels<T> {
 public:
  void apply(const Padding& pad, In<T> x, View<T> y) const override {
    const Index H = x.size(1), W = x.size(2), C = x.size(3), OH = y.size(1), OW = y.size(2);
    const Index first = std::clamp<Index>(pad.left, 0, OW);  // columns of y that x covers
    const Index last = std::clamp<Index>(W + pad.left, first, OW);
    parallel_for(y.size(0) * OH, [&](Index row) {
      const Index n = row / OH, h = row % OH - pad.top;
      T* to = y.data + row * OW * C;
      if (h < 0 || h >= H) {
        std::fill_n(to, OW * C, T{0});
        return;
      }
      std::fill(to, to + first * C, T{0});
      std::copy_n(x.data + ((n * H + h) * W + first - pad.left) * C, (last - first) * C,
                  to + first * C);
      std::fill(to + last * C, to + OW * C, T{0});
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const Pad2dKernels<T>& Pad2dKernels<T>::cpu() {
  static const CpuPad2d<T> kernels{};
  return kernels;
}
template const Pad2dKernels<float>& Pad2dKernels<float>::cpu<kCompiledFor>();
template const Pad2dKernels<double>& Pad2dKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
