#include "engine/kernels/softmax/softmax.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceSoftmax final : public SoftmaxKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    const Array2d<T> powers = less_largest(x).exp();
    pixels(y).array() = powers.colwise() / powers.rowwise().sum();
  }

  void backward(In<T> y, In<T> dy, View<T> dx) const override {
    const auto probs = pixels(y).array();
    const Array<T> mean = (probs * pixels(dy).array()).rowwise().sum();
    pixels(dx).array() = probs * (pixels(dy).array().colwise() - mean);
  }

  void log_forward(In<T> x, View<T> y) const override {
    const Array2d<T> logits = less_largest(x);
    pixels(y).array() = logits.colwise() - logits.exp().rowwise().sum().log();
  }

  void log_backward(In<T> y, In<T> dy, View<T> dx) const override {
    const Array<T> sum = pixels(dy).array().rowwise().sum();
    pixels(dx).array() = pixels(dy).array() - pixels(y).array().exp().colwise() * sum;
  }

 private:
  /// x_k - max_j x_j, so that no exponential is above 1
  static Array2d<T> less_largest(In<T> x) {
    const Array<T> largest = pixels(x).array().rowwise().maxCoeff();
    return pixels(x).array().colwise() - largest;
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
