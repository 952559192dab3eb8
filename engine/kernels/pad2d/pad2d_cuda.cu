#include "engine/cuda/elements.cuh"
#include "engine/kernels/pad2d/pad2d.h"

namespace dmf {
namespace {

using namespace cuda;

template <class E>
__global__ void pad_kernel(Padding pad, Index H, Index W, Index OH, Index OW, Index C, Index count,
                           const E* x, E* y) {
  const Index i = global_thread();
  if (i >= count) return;
  const Index c = i % C, pixel = i / C;
  const Index h = pixel / OW % OH - pad.top, w = pixel % OW - pad.left, n = pixel / (OW * OH);
  const bool inside = h >= 0 && h < H && w >= 0 && w < W;
  y[i] = inside ? x[((n * H + h) * W + w) * C + c] : store<E>(0);
}

template <class T>
class CudaPad2d final : public Pad2dKernels<T> {
 public:
  void apply(const Padding& pad, In<T> x, View<T> y) const override {
    with_element<T>(x.storage, [&]<class E>(E) {
      launch({"pad2d", blocks_for(y.numel()), kThreads}, pad_kernel<E>, pad, x.size(1), x.size(2),
             y.size(1), y.size(2), x.size(3), y.numel(), elements<E>(x), elements<E>(y));
    });
  }
};

}  // namespace

template <class T>
const Pad2dKernels<T>& Pad2dKernels<T>::cuda() {
  static const CudaPad2d<T> kernels{};
  return kernels;
}
template const Pad2dKernels<float>& Pad2dKernels<float>::cuda();
template const Pad2dKernels<double>& Pad2dKernels<double>::cuda();

}  // namespace dmf
