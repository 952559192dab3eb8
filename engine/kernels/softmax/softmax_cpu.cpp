#include <algorithm>
#include <cmath>

#include "engine/core/parallel.h"
#include "engine/kernels/softmax/softmax.h"
#include "engine/kernels/softmax/softmax_pixel.h"

namespace dmf {
namespace {

// One pixel of softmax; that of its logarithm is in softmax_pixel.h.

template <class T>
void softmax_of(const T* x, Index C, T* y) {
  const T largest = *std::max_element(x, x + C);
  T sum{0};
  for (Index k = 0; k < C; ++k) sum += y[k] = std::exp(x[k] - largest);
  for (Index k = 0; k < C; ++k) y[k] /= sum;
}

template <class T>
void softmax_gradient_of(const T* y, const T* dy, Index C, T* dx) {
  T dot{0};
  for (Index k = 0; k < C; ++k) dot += dy[k] * y[k];
  for (Index k = 0; k < C; ++k) dx[k] = y[k] * (dy[k] - dot);
}

/// Calls row(offset of the pixel) for each of the M pixels.
template <class Row>
void for_each_pixel(const Shape& shape, const Row& row) {
  const Index C = shape[-1], M = C == 0 ? 0 : shape.numel() / C;
  parallel_chunks(M, 4096, [&](Index begin, Index end) {
    for (Index m = begin; m < end; ++m) row(m * C);
  });
}

template <class T>
class CpuSoftmax final : public SoftmaxKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    for_each_pixel(y.shape, [&](Index at) { softmax_of(x.data + at, y.size(-1), y.data + at); });
  }

  void backward(In<T> y, In<T> dy, View<T> dx) const override {
    for_each_pixel(y.shape, [&](Index at) {
      softmax_gradient_of(y.data + at, dy.data + at, y.size(-1), dx.data + at);
    });
  }

  void log_forward(In<T> x, View<T> y) const override {
    for_each_pixel(y.shape,
                   [&](Index at) { log_softmax_of(x.data + at, y.size(-1), y.data + at); });
  }

  void log_backward(In<T> y, In<T> dy, View<T> dx) const override {
    for_each_pixel(y.shape, [&](Index at) {
      log_softmax_gradient_of(y.data + at, dy.data + at, y.size(-1), dx.data + at);
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const SoftmaxKernels<T>& SoftmaxKernels<T>::cpu() {
  static const CpuSoftmax<T> kernels{};
  return kernels;
}
template const SoftmaxKernels<float>& SoftmaxKernels<float>::cpu<kCompiledFor>();
template const SoftmaxKernels<double>& SoftmaxKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
