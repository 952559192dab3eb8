#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceBatchNorm final : public BatchNormKernels<T> {
 public:
  void statistics(In<T> x, View<double> mean, View<double> var, Workspace&) const override {
    const Array2d<double> in = pixels(x).array().template cast<double>();
    array(mean) = in.colwise().mean();
    array(var) = (in.rowwise() - array(mean).transpose()).square().colwise().mean();
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               bool relu, View<T> y, Workspace&) const override {
    const Array2d<double> out = scaled(normalised(x, mean, var, eps), gamma, beta);
    if (relu) {
      pixels(y).array() = (out < 0.0).select(0.0, out).template cast<T>();  // a NaN stays a NaN
    } else {
      pixels(y).array() = out.cast<T>();
    }
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, bool relu, bool through_statistics, View<T> dx, View<T> dgamma,
                View<T> dbeta, Workspace&) const override {
    const Array2d<double> z = normalised(x, mean, var, eps);
    Array2d<double> gradient = pixels(dy).array().template cast<double>();
    if (relu) gradient = (scaled(z, gamma, beta) > 0.0).select(gradient, 0.0);
    const Row sum = gradient.colwise().sum(), projection = (gradient * z).colwise().sum();
    array(dbeta) = sum.cast<T>();
    array(dgamma) = projection.cast<T>();
    if (!dx) return;
    if (through_statistics) {  // which move with every x: by dmean/dx and dvar/dx
      const auto M = static_cast<double>(z.rows());
      gradient = (gradient.rowwise() - sum / M) - z.rowwise() * (projection / M);
    }
    const Row slope = row(gamma) / (row(var) + eps).sqrt();
    pixels(dx).array() = (gradient.rowwise() * slope).template cast<T>();
  }

  void update_running(double momentum, double correction, In<double> mean, In<double> var,
                      View<T> running_mean, View<T> running_var) const override {
    const auto move = [momentum](View<T> running, const Row& batch) {
      array(running) = ((1.0 - momentum) * row<T>(running) + momentum * batch).template cast<T>();
    };
    move(running_mean, row(mean));
    move(running_var, correction * row(var));
  }

  void fold(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var, double eps,
            View<T> scale, View<T> shift) const override {
    const Row factor = row(gamma) / (row(running_var) + eps).sqrt();
    array(scale) = factor.cast<T>();
    array(shift) = (row(beta) + (row(bias) - row(running_mean)) * factor).template cast<T>();
  }

 private:
  using Row = Eigen::Array<double, 1, Eigen::Dynamic>;  // a value for each channel

  template <class U>
  static Row row(ConstView<U> x) {
    return array(x).template cast<double>().transpose();
  }
  /// (x - mean) / sqrt(var + eps)
  static Array2d<double> normalised(In<T> x, In<double> mean, In<double> var, double eps) {
    const Array2d<double> in = pixels(x).array().template cast<double>();
    return (in.rowwise() - row(mean)).rowwise() / (row(var) + eps).sqrt();
  }
  /// gamma * z + beta
  static Array2d<double> scaled(const Array2d<double>& z, In<T> gamma, In<T> beta) {
    return (z.rowwise() * row(gamma)).rowwise() + row(beta);
  }
};

}  // namespace

template <class T>
const BatchNormKernels<T>& BatchNormKernels<T>::reference() {
  static const ReferenceBatchNorm<T> kernels{};
  return kernels;
}
template const BatchNormKernels<float>& BatchNormKernels<float>::reference();
template const BatchNormKernels<double>& BatchNormKernels<double>::reference();

}  // namespace dmf
