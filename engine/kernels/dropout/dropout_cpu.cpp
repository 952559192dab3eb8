#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/core/rng.h"
#include "engine/kernels/dropout/dropout.h"

namespace dmf {
namespace {

template <class T>
class CpuDropout final : public DropoutKernels<T> {
 public:
  void apply(const DropoutSpec& spec, In<T> x, View<T> y) const override {
    const T keep = static_cast<T>(1.0 - spec.rate);
    const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(spec.seed),
                                              static_cast<std::uint32_t>(spec.seed >> 32)};
    parallel_chunks(y.numel(), 1 << 13, [&](Index begin, Index end) {  // begin is a multiple of 4
      for (Index i = begin; i < end; i += 4) {
        const auto block = static_cast<std::uint64_t>(i / 4);
        const auto bits =
            philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                        static_cast<std::uint32_t>(spec.stream),
                        static_cast<std::uint32_t>(spec.stream >> 32)},
                       key);
        for (Index k = i; k < std::min(i + 4, end); ++k) {
          const bool kept = bits[static_cast<std::size_t>(k - i)] * 0x1.0p-32 >= spec.rate;
          y.data[k] = kept ? x.data[k] / keep : T{0};
        }
      }
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const DropoutKernels<T>& DropoutKernels<T>::cpu() {
  static const CpuDropout<T> kernels{};
  return kernels;
}
template const DropoutKernels<float>& DropoutKernels<float>::cpu<kCompiledFor>();
template const DropoutKernels<double>& DropoutKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
