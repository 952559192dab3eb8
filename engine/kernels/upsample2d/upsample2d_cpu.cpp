#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/upsample2d/taps.h"
#include "engine/kernels/upsample2d/upsample2d.h"

namespace dmf {
namespace {

template <class T>
class CpuUpsample2d final : public Upsample2dKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    const Index H = x.size(1), W = x.size(2), C = x.size(3), OH = 2 * H, OW = 2 * W;
    constexpr T kNear2 = upsample::kNear * upsample::kNear, kFar2 = upsample::kFar * upsample::kFar,
                kMixed = upsample::kNear * upsample::kFar;
    parallel_for(x.size(0) * OH, [&](Index row) {
      const upsample::Sources h = upsample::sources_of(row % OH, H);
      const T* image = x.data + row / OH * H * W * C;
      const T *near = image + h.centre * W * C, *far = image + h.other * W * C;
      for (Index j = 0; j < OW; ++j) {
        const upsample::Sources w = upsample::sources_of(j, W);
        const T *nn = near + w.centre * C, *nf = near + w.other * C;
        const T *fn = far + w.centre * C, *ff = far + w.other * C;
        T* to = y.data + (row * OW + j) * C;
#pragma omp simd
        for (Index c = 0; c < C; ++c) {
          to[c] = (kNear2 * nn[c] + kMixed * nf[c]) + (kMixed * fn[c] + kFar2 * ff[c]);
        }
      }
    });
  }

  // Every pixel of x asks the pixels of y that it took part in.
  void backward(In<T> dy, View<T> dx) const override {
    const Index H = dx.size(1), W = dx.size(2), C = dx.size(3), OH = 2 * H, OW = 2 * W;
    parallel_for(dx.size(0) * H, [&](Index row) {
      const upsample::Targets h = upsample::targets_of(row % H, H);
      const T* image = dy.data + row / H * OH * OW * C;
      for (Index k = 0; k < W; ++k) {
        const upsample::Targets w = upsample::targets_of(k, W);
        T* to = dx.data + (row * W + k) * C;
        std::fill_n(to, C, T{0});
        for (int a = 0; a < 4; ++a) {
          for (int b = 0; b < 4; ++b) {
            const auto weight = static_cast<T>(h.weight[a] * w.weight[b]);
            if (weight == T{0}) continue;
            const T* from = image + ((h.first + a) * OW + w.first + b) * C;
#pragma omp simd
            for (Index c = 0; c < C; ++c) to[c] += weight * from[c];
          }
        }
      }
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const Upsample2dKernels<T>& Upsample2dKernels<T>::cpu() {
  static const CpuUpsample2d<T> kernels{};
  return kernels;
}
template const Upsample2dKernels<float>& Upsample2dKernels<float>::cpu<kCompiledFor>();
template const Upsample2dKernels<double>& Upsample2dKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
