#include <cmath>

#include "engine/kernels/softmax/softmax.h"

// Written from the definitions, in long double and with no shared code, so that the tests compare
// two independent computations.

namespace dmf {
namespace {

template <class T>
long double largest(const T* x, Index C) {
  long double most = x[0];
  for (Index k = 1; k < C; ++k) most = std::fmax(most, static_cast<long double>(x[k]));
  return most;
}

template <class T>
long double sum_of_exponentials(const T* x, Index C) {
  const long double most = largest(x, C);
  long double sum = 0;
  for (Index k = 0; k < C; ++k) sum += std::exp(static_cast<long double>(x[k]) - most);
  return sum;
}

template <class T>
class ReferenceSoftmax final : public SoftmaxKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    const Index C = x.size(-1);
    for (Index i = 0; i < x.numel(); ++i) {
      const T* pixel = x.data + i / C * C;
      y.data[i] = static_cast<T>(std::exp(static_cast<long double>(x.data[i]) - largest(pixel, C)) /
                                 sum_of_exponentials(pixel, C));
    }
  }

  void backward(In<T> y, In<T> dy, View<T> dx) const override {
    const Index C = y.size(-1);
    for (Index i = 0; i < y.numel(); ++i) {
      long double sum = 0;
      for (Index j = i / C * C; j < (i / C + 1) * C; ++j) {  // dy_j/dx_k = y_j * (delta_jk - y_k)
        sum += static_cast<long double>(dy.data[j]) * y.data[j] * ((j == i ? 1 : 0) - y.data[i]);
      }
      dx.data[i] = static_cast<T>(sum);
    }
  }

  void log_forward(In<T> x, View<T> y) const override {
    const Index C = x.size(-1);
    for (Index i = 0; i < x.numel(); ++i) {
      const T* pixel = x.data + i / C * C;
      y.data[i] = static_cast<T>(static_cast<long double>(x.data[i]) - largest(pixel, C) -
                                 std::log(sum_of_exponentials(pixel, C)));
    }
  }

  void log_backward(In<T> y, In<T> dy, View<T> dx) const override {
    const Index C = y.size(-1);
    for (Index i = 0; i < y.numel(); ++i) {
      long double sum = 0;
      for (Index j = i / C * C; j < (i / C + 1) * C; ++j) {  // dy_j/dx_k = delta_jk - exp(y_k)
        sum += dy.data[j] * ((j == i ? 1 : 0) - std::exp(static_cast<long double>(y.data[i])));
      }
      dx.data[i] = static_cast<T>(sum);
    }
  }
};

}  // namespace

template <class T>
const SoftmaxKernels<T>& SoftmaxKernels<T>::reference() {
  static const ReferenceSoftmax<T> kernels{};
  return kernels;
}
template const SoftmaxKernels<float>& SoftmaxKernels<float>::reference();
template const SoftmaxKernels<double>& SoftmaxKernels<double>::reference();

}  // namespace dmf
