#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/row_sums.h"

namespace dmf {
namespace {

/// What the kernels need of a channel, y = (x - centre) * scale + beta. The centre is subtracted
/// first: a large common offset cancels exactly instead of swallowing the digits of x * scale.
template <class T>
struct Affine {
  T *centre, *inv_std, *scale;

  Affine(In<double> mean, In<double> var, In<T> gamma, double eps, Workspace& workspace) {
    const Index C = gamma.numel();
    centre = workspace.take<T>(C);
    inv_std = workspace.take<T>(C);
    scale = workspace.take<T>(C);
    for (Index c = 0; c < C; ++c) {
      const double inverse = 1.0 / std::sqrt(var.data[c] + eps);
      centre[c] = static_cast<T>(mean.data[c]);
      inv_std[c] = static_cast<T>(inverse);
      scale[c] = static_cast<T>(static_cast<double>(gamma.data[c]) * inverse);
    }
  }
};

template <bool kRelu, class T>
void gradients(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
               double eps, bool through_statistics, View<T> dx, View<T> dgamma, View<T> dbeta,
               Workspace& workspace) {
  const Index C = x.size(-1), M = x.numel() / C, grain = rows_per_chunk(C);
  const Index chunks = chunk_count(M, grain);
  const Affine<T> affine(mean, var, gamma, eps, workspace);
  const T *centre = affine.centre, *inv_std = affine.inv_std, *scale = affine.scale;
  [[maybe_unused]] const T* shift = beta.data;
  // dy, or zero where the ReLU was; the same arithmetic as forward's, so the same pixels
  const auto masked = [=](const T* x_m, const T* dy_m, Index c) {
    if constexpr (kRelu) {
      const T y = (x_m[c] - centre[c]) * scale[c] + shift[c];
      return y <= T{0} ? T{0} : dy_m[c];
    } else {
      return dy_m[c];
    }
  };
  double* sums = workspace.take<double>(chunks * 2 * C);  // of dy, and of dy * normalised x
  T* scratch = workspace.take<T>(2 * C * num_threads());
  parallel_for(chunks, [&](Index chunk, int thread) {
    const ChunkRange rows = chunk_range(M, grain, chunk);
    T* sum = scratch + 2 * C * thread;
    T* projection = sum + C;
    sum_in_groups(rows.begin, rows.end, sum, 2 * C, sums + chunk * 2 * C,
                  [&](Index first, Index last) {
                    for (Index m = first; m < last; ++m) {
                      const T* x_m = x.data + m * C;
                      const T* dy_m = dy.data + m * C;
#pragma omp simd
                      for (Index c = 0; c < C; ++c) {
                        const T gradient = masked(x_m, dy_m, c);
                        sum[c] += gradient;
                        projection[c] += gradient * ((x_m[c] - centre[c]) * inv_std[c]);
                      }
                    }
                  });
  });
  for (Index chunk = 1; chunk < chunks; ++chunk) {
    for (Index c = 0; c < 2 * C; ++c) sums[c] += sums[chunk * 2 * C + c];
  }
  T* mean_dy = workspace.take<T>(C);
  T* mean_projection = workspace.take<T>(C);
  for (Index c = 0; c < C; ++c) {
    dbeta.data[c] = static_cast<T>(sums[c]);
    dgamma.data[c] = static_cast<T>(sums[C + c]);
    const double share = through_statistics ? 1.0 / static_cast<double>(M) : 0.0;
    mean_dy[c] = static_cast<T>(sums[c] * share);
    mean_projection[c] = static_cast<T>(sums[C + c] * share);
  }
  if (!dx) return;
  parallel_chunks(M, grain, [&](Index begin, Index end) {
    for (Index m = begin; m < end; ++m) {
      const T* x_m = x.data + m * C;
      const T* dy_m = dy.data + m * C;
      T* dx_m = dx.data + m * C;
#pragma omp simd
      for (Index c = 0; c < C; ++c) {
        const T gradient = masked(x_m, dy_m, c);
        const T normalised = (x_m[c] - centre[c]) * inv_std[c];
        dx_m[c] = scale[c] * (gradient - mean_dy[c] - normalised * mean_projection[c]);
      }
    }
  });
}

template <class T>
class CpuBatchNorm final : public BatchNormKernels<T> {
 public:
  // Chunks are summed on their own, then merged in order.
  void statistics(In<T> x, View<double> mean, View<double> var,
                  Workspace& workspace) const override {
    const Index C = x.size(-1), M = x.numel() / C, grain = rows_per_chunk(C);
    const Index chunks = chunk_count(M, grain);
    double* means = workspace.take<double>(chunks * C);
    double* squares = workspace.take<double>(chunks * C);
    T* scratch = workspace.take<T>(2 * C * num_threads());
    parallel_for(chunks, [&](Index chunk, int thread) {
      moments_of_rows(x.data, C, chunk_range(M, grain, chunk), scratch + 2 * C * thread,
                      means + chunk * C, squares + chunk * C);
    });
    std::fill_n(mean.data, C, 0.0);
    std::fill_n(var.data, C, 0.0);
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      const ChunkRange rows = chunk_range(M, grain, chunk);
      const double seen = static_cast<double>(rows.begin),
                   added = static_cast<double>(rows.end - rows.begin);
      for (Index c = 0; c < C; ++c) {
        merge_moments(seen, added, means[chunk * C + c], squares[chunk * C + c], mean.data[c],
                      var.data[c]);
      }
    }
    for (Index c = 0; c < C; ++c) {
      var.data[c] = std::max(0.0, var.data[c] / static_cast<double>(M));
    }
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               bool relu, View<T> y, Workspace& workspace) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    const Affine<T> affine(mean, var, gamma, eps, workspace);
    const T least = relu ? T{0} : -std::numeric_limits<T>::infinity();
    parallel_chunks(M, rows_per_chunk(C), [&](Index begin, Index end) {
      for (Index m = begin; m < end; ++m) {
        const T* from = x.data + m * C;
        T* to = y.data + m * C;
#pragma omp simd
        for (Index c = 0; c < C; ++c) {
          const T value = (from[c] - affine.centre[c]) * affine.scale[c] + beta.data[c];
          to[c] = value < least ? least : value;  // a NaN stays a NaN
        }
      }
    });
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, bool relu, bool through_statistics, View<T> dx, View<T> dgamma,
                View<T> dbeta, Workspace& workspace) const override {
    const auto run = relu ? gradients<true, T> : gradients<false, T>;
    run(x, dy, mean, var, gamma, beta, eps, through_statistics, dx, dgamma, dbeta, workspace);
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
template <InstructionSet>
const BatchNormKernels<T>& BatchNormKernels<T>::cpu() {
  static const CpuBatchNorm<T> kernels{};
  return kernels;
}
template const BatchNormKernels<float>& BatchNormKernels<float>::cpu<kCompiledFor>();
template const BatchNormKernels<double>& BatchNormKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
