#include "engine/core/rng.h"
#include "engine/kernels/dropout/dropout.h"

namespace dmf {
namespace {

template <class T>
class ReferenceDropout final : public DropoutKernels<T> {
 public:
  void apply(const DropoutSpec& spec, In<T> x, View<T> y) const override {
    for (Index i = 0; i < y.numel(); ++i) {
      const auto block = static_cast<std::uint64_t>(i / 4);
      const auto bits = philox4x32(
          {static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
           static_cast<std::uint32_t>(spec.stream), static_cast<std::uint32_t>(spec.stream >> 32)},
          {static_cast<std::uint32_t>(spec.seed), static_cast<std::uint32_t>(spec.seed >> 32)});
      const bool kept = bits[static_cast<std::size_t>(i % 4)] * 0x1.0p-32 >= spec.rate;
      y.data[i] = kept ? x.data[i] / static_cast<T>(1.0 - spec.rate) : T{0};
    }
  }
};

}  // namespace

template <class T>
const DropoutKernels<T>& DropoutKernels<T>::reference() {
  static const ReferenceDropout<T> kernels{};
  return kernels;
}
template const DropoutKernels<float>& DropoutKernels<float>::reference();
template const DropoutKernels<double>& DropoutKernels<double>::reference();

}  // namespace dmf
