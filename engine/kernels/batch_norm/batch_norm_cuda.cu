#include <cmath>

#include "engine/cuda/channel_moments.cuh"
#include "engine/cuda/elements.cuh"
#include "engine/kernels/batch_norm/batch_norm.h"

namespace dmf {
namespace {

using namespace cuda;

/// Mean and variance from the two totals of a channel.
template <class E>
struct FinishMoments {
  Index M;
  const E* x;
  double *mean, *var;

  __device__ void operator()(Index c, const double (&totals)[2]) const {
    const double shift = totals[0] / static_cast<double>(M);
    const double variance = totals[1] / static_cast<double>(M) - shift * shift;
    mean[c] = static_cast<double>(load(x[c])) + shift;
    var[c] = variance < 0.0 ? 0.0 : variance;
  }
};

/// What the kernels need of a channel, y = (x - centre) * scale + beta; see batch_norm_cpu.cpp.
template <class T>
struct Affine {
  const T *centre, *inv_std, *scale, *beta;
};

template <class T>
__global__ void prepare_affine(Index C, double eps, const double* mean, const double* var,
                               const T* gamma, T* centre, T* inv_std, T* scale) {
  const Index c = global_thread();
  if (c >= C) return;
  const double inverse = 1.0 / std::sqrt(var[c] + eps);
  centre[c] = static_cast<T>(mean[c]);
  inv_std[c] = static_cast<T>(inverse);
  scale[c] = static_cast<T>(static_cast<double>(gamma[c]) * inverse);
}

template <class T>
Affine<T> affine_of(In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
                    Workspace& workspace) {
  const Index C = gamma.numel();
  T* centre = workspace.take<T>(C);
  T* inv_std = workspace.take<T>(C);
  T* scale = workspace.take<T>(C);
  launch({"batch_norm_prepare", blocks_for(C), kThreads}, prepare_affine<T>, C, eps, mean.data,
         var.data, gamma.data, centre, inv_std, scale);
  return {centre, inv_std, scale, beta.data};
}

/// V values of a channel array.
template <class T, int V>
struct Row {
  T at[V];

  __device__ Row(const T* from, Index channel) {
    for (int v = 0; v < V; ++v) at[v] = from == nullptr ? T{0} : from[channel + v];
  }
};

/// The one place that says what y is: forward stores it, backward asks for its sign.
template <class T>
__device__ T normalised_output(T x, T centre, T scale, T beta) {
  return std::fma(x - centre, scale, beta);
}

/// This thread's share of the rows of [M, C], in V channels.
struct Rows {
  Index channel, first, end;
  int step;

  __device__ Rows(Index M, int columns, Index block_rows, int V)
      : channel(
            (static_cast<Index>(blockIdx.y) * columns + static_cast<int>(threadIdx.x) % columns) *
            V),
        first(blockIdx.x * block_rows + static_cast<int>(threadIdx.x) / columns),
        end((blockIdx.x + Index{1}) * block_rows < M ? (blockIdx.x + Index{1}) * block_rows : M),
        step(kThreads / columns) {}
};

template <class E, int V>
__global__ void forward_rows(Index M, Index C, int columns, Index block_rows,
                             Affine<ComputeType<E>> affine, bool relu, const E* x, E* y) {
  using T = ComputeType<E>;
  const Rows rows(M, columns, block_rows, V);
  const Index channel = rows.channel;
  if (channel >= C) return;
  const Row<T, V> centre(affine.centre, channel), scale(affine.scale, channel),
      beta(affine.beta, channel);
  for (Index m = rows.first; m < rows.end; m += rows.step) {
    const auto in = *reinterpret_cast<const Pack<E, V>*>(x + m * C + channel);
    Pack<E, V> out;
    for (int v = 0; v < V; ++v) {
      const T value = normalised_output(load(in.at[v]), centre.at[v], scale.at[v], beta.at[v]);
      out.at[v] = store<E>(relu && value < T{0} ? T{0} : value);  // a NaN stays a NaN
    }
    *reinterpret_cast<Pack<E, V>*>(y + m * C + channel) = out;
  }
}

/// dy, or zero where the ReLU was; and the normalised x.
template <class E, int V>
struct Masked {
  using T = ComputeType<E>;
  Row<T, V> centre, inv_std, scale, beta;
  bool relu;

  __device__ Masked(const Affine<T>& affine, bool with_relu, Index channel)
      : centre(affine.centre, channel),
        inv_std(affine.inv_std, channel),
        scale(affine.scale, channel),
        beta(affine.beta, channel),
        relu(with_relu) {}

  __device__ T gradient(T x, T dy, int v) const {
    const T y = normalised_output(x, centre.at[v], scale.at[v], beta.at[v]);
    return relu && y <= T{0} ? T{0} : dy;
  }
  __device__ T normalised(T x, int v) const { return (x - centre.at[v]) * inv_std.at[v]; }
};

/// The sums of the masked dy and of its product with the normalised x.
template <class E>
struct GradientTerms {
  using Element = E;
  static constexpr int kTerms = 2;
  const E *x, *dy;
  Affine<ComputeType<E>> affine;
  bool relu;

  template <int V>
  struct Columns {
    const E *x, *dy;
    Masked<E, V> masked;

    __device__ Columns(const GradientTerms& term, Index channel)
        : x(term.x), dy(term.dy), masked(term.affine, term.relu, channel) {}
    __device__ void add(Index at, ComputeType<E> (&sums)[2][V]) const {
      const auto xs = *reinterpret_cast<const Pack<E, V>*>(x + at);
      const auto dys = *reinterpret_cast<const Pack<E, V>*>(dy + at);
      for (int v = 0; v < V; ++v) {
        const ComputeType<E> value = load(xs.at[v]);
        const ComputeType<E> gradient = masked.gradient(value, load(dys.at[v]), v);
        sums[0][v] += gradient;
        sums[1][v] += gradient * masked.normalised(value, v);
      }
    }
  };
};

/// The gradients of beta and gamma, which are the totals, and what backward_rows needs of them.
template <class T>
struct FinishGradients {
  double share;  // 1 / M, or 0 where the statistics are constants
  T *dgamma, *dbeta, *mean_dy, *mean_projection;

  __device__ void operator()(Index c, const double (&totals)[2]) const {
    dbeta[c] = static_cast<T>(totals[0]);
    dgamma[c] = static_cast<T>(totals[1]);
    mean_dy[c] = static_cast<T>(totals[0] * share);
    mean_projection[c] = static_cast<T>(totals[1] * share);
  }
};

template <class E, int V>
__global__ void backward_rows(Index M, Index C, int columns, Index block_rows,
                              Affine<ComputeType<E>> affine, bool relu,
                              const ComputeType<E>* mean_dy, const ComputeType<E>* mean_projection,
                              const E* x, const E* dy, E* dx) {
  using T = ComputeType<E>;
  const Rows rows(M, columns, block_rows, V);
  const Index channel = rows.channel;
  if (channel >= C) return;
  const Masked<E, V> masked(affine, relu, channel);
  const Row<T, V> centre_dy(mean_dy, channel), projection(mean_projection, channel);
  for (Index m = rows.first; m < rows.end; m += rows.step) {
    const Index at = m * C + channel;
    const auto xs = *reinterpret_cast<const Pack<E, V>*>(x + at);
    const auto dys = *reinterpret_cast<const Pack<E, V>*>(dy + at);
    Pack<E, V> out;
    for (int v = 0; v < V; ++v) {
      const T value = load(xs.at[v]), gradient = masked.gradient(value, load(dys.at[v]), v);
      out.at[v] = store<E>(masked.scale.at[v] * (gradient - centre_dy.at[v] -
                                                 masked.normalised(value, v) * projection.at[v]));
    }
    *reinterpret_cast<Pack<E, V>*>(dx + at) = out;
  }
}

/// Calls body(how, layout, V as a constant): one launch over the rows and channels of [M, C].
template <class E, class Body>
void over_rows(const char* name, Index M, Index C, const Body& body) {
  with_pack<E>(C, [&](auto pack) {
    const ColumnLayout layout = column_layout(M, C, pack);
    const Launch how{
        name, dim3(static_cast<unsigned>(layout.blocks), static_cast<unsigned>(layout.tiles)),
        kThreads};
    body(how, layout, pack);
  });
}

template <class T>
__global__ void update_running_kernel(Index C, double momentum, double correction,
                                      const double* mean, const double* var, T* running_mean,
                                      T* running_var) {
  const Index c = global_thread();
  if (c >= C) return;
  const auto moved = [momentum](T running, double batch) {
    return static_cast<T>((1.0 - momentum) * static_cast<double>(running) + momentum * batch);
  };
  running_mean[c] = moved(running_mean[c], mean[c]);
  running_var[c] = moved(running_var[c], correction * var[c]);
}

template <class T>
__global__ void fold_kernel(Index C, double eps, const T* bias, const T* gamma, const T* beta,
                            const T* running_mean, const T* running_var, T* scale, T* shift) {
  const Index c = global_thread();
  if (c >= C) return;
  const double factor =
      static_cast<double>(gamma[c]) / std::sqrt(static_cast<double>(running_var[c]) + eps);
  scale[c] = static_cast<T>(factor);
  shift[c] = static_cast<T>(static_cast<double>(beta[c]) +
                            (static_cast<double>(bias[c]) - static_cast<double>(running_mean[c])) *
                                factor);
}

template <class T>
class CudaBatchNorm final : public BatchNormKernels<T> {
 public:
  void statistics(In<T> x, View<double> mean, View<double> var,
                  Workspace& workspace) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("batch_norm_statistics", M, C, Moments<E>{elements<E>(x)},
                   FinishMoments<E>{M, elements<E>(x), mean.data, var.data}, workspace);
    });
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               bool relu, View<T> y, Workspace& workspace) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    const Affine<T> affine = affine_of<T>(mean, var, gamma, beta, eps, workspace);
    with_element<T>(x.storage, [&]<class E>(E) {
      over_rows<E>("batch_norm_forward", M, C,
                   [&](const Launch& how, const ColumnLayout& layout, auto pack) {
                     launch(how, forward_rows<E, decltype(pack)::value>, M, C, layout.columns,
                            layout.block_rows, affine, relu, elements<E>(x), elements<E>(y));
                   });
    });
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, bool relu, bool through_statistics, View<T> dx, View<T> dgamma,
                View<T> dbeta, Workspace& workspace) const override {
    const Index C = x.size(-1), M = x.numel() / C;
    const Affine<T> affine = affine_of<T>(mean, var, gamma, beta, eps, workspace);
    T* mean_dy = workspace.take<T>(C);
    T* mean_projection = workspace.take<T>(C);
    const double share = through_statistics ? 1.0 / static_cast<double>(M) : 0.0;
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("batch_norm_backward", M, C,
                   GradientTerms<E>{elements<E>(x), elements<E>(dy), affine, relu},
                   FinishGradients<T>{share, dgamma.data, dbeta.data, mean_dy, mean_projection},
                   workspace);
      if (!dx) return;
      over_rows<E>("batch_norm_backward", M, C,
                   [&](const Launch& how, const ColumnLayout& layout, auto pack) {
                     launch(how, backward_rows<E, decltype(pack)::value>, M, C, layout.columns,
                            layout.block_rows, affine, relu, static_cast<const T*>(mean_dy),
                            static_cast<const T*>(mean_projection), elements<E>(x), elements<E>(dy),
                            elements<E>(dx));
                   });
    });
  }

  void update_running(double momentum, double correction, In<double> mean, In<double> var,
                      View<T> running_mean, View<T> running_var) const override {
    const Index C = running_mean.numel();
    launch({"update_running", blocks_for(C), kThreads}, update_running_kernel<T>, C, momentum,
           correction, mean.data, var.data, running_mean.data, running_var.data);
  }

  void fold(In<T> bias, In<T> gamma, In<T> beta, In<T> running_mean, In<T> running_var, double eps,
            View<T> scale, View<T> shift) const override {
    const Index C = scale.numel();
    launch({"fold_batch_norm", blocks_for(C), kThreads}, fold_kernel<T>, C, eps, bias.data,
           gamma.data, beta.data, running_mean.data, running_var.data, scale.data, shift.data);
  }
};

}  // namespace

template <class T>
const BatchNormKernels<T>& BatchNormKernels<T>::cuda() {
  static const CudaBatchNorm<T> kernels{};
  return kernels;
}
template const BatchNormKernels<float>& BatchNormKernels<float>::cuda();
template const BatchNormKernels<double>& BatchNormKernels<double>::cuda();

}  // namespace dmf
