#include <cmath>

#include "engine/kernels/batch_norm/batch_norm.h"

namespace dmf {
namespace {

template <class T>
class ReferenceBatchNorm final : public BatchNormKernels<T> {
 public:
  void statistics(In<T> x, View<double> mean, View<double> var, Workspace&) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    for (Index c = 0; c < C; ++c) {
      double sum = 0.0;
      for (Index m = 0; m < M; ++m) sum += static_cast<double>(x.data[m * C + c]);
      mean.data[c] = sum / static_cast<double>(M);
      double squares = 0.0;
      for (Index m = 0; m < M; ++m) {
        const double centred = static_cast<double>(x.data[m * C + c]) - mean.data[c];
        squares += centred * centred;
      }
      var.data[c] = squares / static_cast<double>(M);
    }
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               bool relu, View<T> y, Workspace&) const override {
    const Index C = x.size(-1);
    for (Index i = 0; i < x.numel(); ++i) {
      const Index c = i % C;
      const double normalised =
          (static_cast<double>(x.data[i]) - mean.data[c]) / std::sqrt(var.data[c] + eps);
      const double value =
          static_cast<double>(gamma.data[c]) * normalised + static_cast<double>(beta.data[c]);
      y.data[i] = static_cast<T>(relu && value < 0.0 ? 0.0 : value);
    }
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, bool relu, bool through_statistics, View<T> dx, View<T> dgamma,
                View<T> dbeta, Workspace&) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    for (Index c = 0; c < C; ++c) {
      const double inv_std = 1.0 / std::sqrt(var.data[c] + eps);
      const auto normalised = [&](Index i) {
        return (static_cast<double>(x.data[i]) - mean.data[c]) * inv_std;
      };
      const auto gradient = [&](Index i) {
        const double y = static_cast<double>(gamma.data[c]) * normalised(i) +
                         (relu ? static_cast<double>(beta.data[c]) : 0.0);
        return relu && !(y > 0.0) ? 0.0 : static_cast<double>(dy.data[i]);
      };
      double sum = 0.0, sum_normalised = 0.0;
      for (Index m = 0; m < M; ++m) {
        sum += gradient(m * C + c);
        sum_normalised += gradient(m * C + c) * normalised(m * C + c);
      }
      dbeta.data[c] = static_cast<T>(sum);
      dgamma.data[c] = static_cast<T>(sum_normalised);
      if (!dx) continue;
      const double count = through_statistics ? static_cast<double>(M) : INFINITY;
      for (Index m = 0; m < M; ++m) {
        const Index i = m * C + c;
        dx.data[i] =
            static_cast<T>(static_cast<double>(gamma.data[c]) * inv_std *
                           (gradient(i) - sum / count - normalised(i) * sum_normalised / count));
      }
    }
  }

  void update_running(double momentum, double correction, In<double> mean, In<double> var,
                      View<T> running_mean, View<T> running_var) const override {
    const auto moved = [momentum](T running, double batch) {
      return static_cast<T>((1.0 - momentum) * static_cast<double>(running) + momentum * batch);
    };
    for (Index c = 0; c < running_mean.numel(); ++c) {
      running_mean.data[c] = moved(running_mean.data[c], mean.data[c]);
      running_var.data[c] = moved(running_var.data[c], correction * var.data[c]);
    }
  }

  void fold(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var, double eps,
            View<T> scale, View<T> shift) const override {
    for (Index c = 0; c < scale.numel(); ++c) {
      const auto at = [c](In<T> view) { return static_cast<double>(view.data[c]); };
      const double factor = at(gamma) / std::sqrt(at(running_var) + eps);
      scale.data[c] = static_cast<T>(factor);
      shift.data[c] = static_cast<T>(at(beta) + (at(bias) - at(running_mean)) * factor);
    }
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
