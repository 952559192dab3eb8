#include <cmath>

#include "engine/cuda/channel_moments.cuh"
#include "engine/cuda/elements.cuh"
#include "engine/kernels/group_norm/group_norm.h"

// Images are planes: blockIdx.z is which.

namespace dmf {
namespace {

using namespace cuda;

/// Sizes of x [N, M, C], M pixels an image, in G groups of `width` channels.
struct Sizes {
  Index N, M, C, G, width;

  Sizes(const Shape& x, Index groups)
      : N(x[0]), M(x[1] * x[2]), C(x[3]), G(groups), width(x[3] / groups) {}
};

/// Mean and sum of centred squares of a channel of an image, `at` counting through both.
template <class E>
struct FinishMoments {
  Sizes sizes;
  const E* x;
  double *mean, *squares;

  __device__ void operator()(Index at, const double (&totals)[2]) const {
    const Index n = at / sizes.C, c = at % sizes.C;
    const double shift = totals[0] / static_cast<double>(sizes.M);
    const double spread = totals[1] - shift * totals[0];
    mean[at] = static_cast<double>(load(x[n * sizes.M * sizes.C + c])) + shift;
    squares[at] = spread < 0.0 ? 0.0 : spread;
  }
};

/// A group's channels merged, as group_norm_cpu.cpp does it; one thread a group.
__global__ void merge_channels(Sizes sizes, const double* means, const double* squares,
                               double* mean, double* var) {
  const Index at = global_thread();
  if (at >= sizes.N * sizes.G) return;
  const Index first = at * sizes.width;  // in [N, C]
  const auto M = static_cast<double>(sizes.M);
  double group_mean = 0.0, group_squares = 0.0;
  for (Index k = 0; k < sizes.width; ++k) {
    const double seen = static_cast<double>(k) * M, delta = means[first + k] - group_mean;
    group_mean += delta * M / (seen + M);
    group_squares += squares[first + k] + delta * delta * seen * M / (seen + M);
  }
  mean[at] = group_mean;
  var[at] = group_squares / (M * static_cast<double>(sizes.width));
}

/// What the kernels need of a channel of an image, [N, C] but for beta.
template <class T>
struct Affine {
  const T *centre, *inv_std, *scale, *beta;
  T slope;
};

template <class T>
__global__ void prepare_affine(Sizes sizes, double eps, const double* mean, const double* var,
                               const T* gamma, T* centre, T* inv_std, T* scale) {
  const Index at = global_thread();
  if (at >= sizes.N * sizes.C) return;
  const Index group = at / sizes.width;
  const double inverse = 1.0 / std::sqrt(var[group] + eps);
  centre[at] = static_cast<T>(mean[group]);
  inv_std[at] = static_cast<T>(inverse);
  scale[at] = static_cast<T>(static_cast<double>(gamma[at % sizes.C]) * inverse);
}

template <class T>
Affine<T> affine_of(const Sizes& sizes, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                    double eps, double slope, Workspace& workspace) {
  const Index count = sizes.N * sizes.C;
  T* centre = workspace.take<T>(count);
  T* inv_std = workspace.take<T>(count);
  T* scale = workspace.take<T>(count);
  launch({"group_norm_prepare", blocks_for(count), kThreads}, prepare_affine<T>, sizes, eps,
         mean.data, var.data, gamma.data, centre, inv_std, scale);
  return {centre, inv_std, scale, beta.data, static_cast<T>(slope)};
}

/// V neighbouring channels of this thread's image.
template <class T, int V>
struct Channels {
  T centre[V], inv_std[V], scale[V], beta[V], slope;

  __device__ Channels(const Affine<T>& affine, Index C, Index channel) : slope(affine.slope) {
    for (int v = 0; v < V; ++v) {
      const Index at = blockIdx.z * C + channel + v;
      centre[v] = affine.centre[at];
      inv_std[v] = affine.inv_std[at];
      scale[v] = affine.scale[at];
      beta[v] = affine.beta[channel + v];
    }
  }
  /// The one place that says what z is: forward bends it, backward asks for its sign.
  __device__ T z(T x, int v) const { return std::fma(x - centre[v], scale[v], beta[v]); }
  __device__ T bent(T sign, T value) const { return sign > T{0} ? value : slope * value; }
  __device__ T normalised(T x, int v) const { return (x - centre[v]) * inv_std[v]; }
};

/// This thread's share of the rows of an image's [M, C], in V channels.
struct Rows {
  Index channel, first, end, image;
  int step;

  __device__ Rows(const Sizes& sizes, int columns, Index block_rows, int V)
      : channel(
            (static_cast<Index>(blockIdx.y) * columns + static_cast<int>(threadIdx.x) % columns) *
            V),
        first(blockIdx.x * block_rows + static_cast<int>(threadIdx.x) / columns),
        end((blockIdx.x + Index{1}) * block_rows < sizes.M ? (blockIdx.x + Index{1}) * block_rows
                                                           : sizes.M),
        image(blockIdx.z * sizes.M * sizes.C),
        step(kThreads / columns) {}
};

template <class E, int V>
__global__ void forward_rows(Sizes sizes, int columns, Index block_rows,
                             Affine<ComputeType<E>> affine, const E* x, E* y) {
  using T = ComputeType<E>;
  const Rows rows(sizes, columns, block_rows, V);
  if (rows.channel >= sizes.C) return;
  const Channels<T, V> channels(affine, sizes.C, rows.channel);
  for (Index m = rows.first; m < rows.end; m += rows.step) {
    const Index at = rows.image + m * sizes.C + rows.channel;
    const auto in = *reinterpret_cast<const Pack<E, V>*>(x + at);
    Pack<E, V> out;
    for (int v = 0; v < V; ++v) {
      const T z = channels.z(load(in.at[v]), v);
      out.at[v] = store<E>(channels.bent(z, z));
    }
    *reinterpret_cast<Pack<E, V>*>(y + at) = out;
  }
}

/// The sums of dz, the gradient before the leaky ReLU, and of its product with the normalised x.
template <class E>
struct GradientTerms {
  using Element = E;
  static constexpr int kTerms = 2;
  const E *x, *dy;
  Affine<ComputeType<E>> affine;
  Sizes sizes;

  template <int V>
  struct Columns {
    const E *x, *dy;
    Channels<ComputeType<E>, V> channels;

    __device__ Columns(const GradientTerms& term, Index channel)
        : x(term.x + blockIdx.z * term.sizes.M * term.sizes.C),
          dy(term.dy + blockIdx.z * term.sizes.M * term.sizes.C),
          channels(term.affine, term.sizes.C, channel) {}
    __device__ void add(Index at, ComputeType<E> (&sums)[2][V]) const {
      const auto xs = *reinterpret_cast<const Pack<E, V>*>(x + at);
      const auto dys = *reinterpret_cast<const Pack<E, V>*>(dy + at);
      for (int v = 0; v < V; ++v) {
        const ComputeType<E> value = load(xs.at[v]);
        const ComputeType<E> dz = channels.bent(channels.z(value, v), load(dys.at[v]));
        sums[0][v] += dz;
        sums[1][v] += dz * channels.normalised(value, v);
      }
    }
  };
};

struct StoreTotals {
  double *sums, *projections;

  __device__ void operator()(Index at, const double (&totals)[2]) const {
    sums[at] = totals[0];
    projections[at] = totals[1];
  }
};

template <class T>
__global__ void parameter_gradients(Sizes sizes, const double* sums, const double* projections,
                                    T* dgamma, T* dbeta) {
  const Index c = global_thread();
  if (c >= sizes.C) return;
  double sum = 0.0, projection = 0.0;
  for (Index n = 0; n < sizes.N; ++n) {
    sum += sums[n * sizes.C + c];
    projection += projections[n * sizes.C + c];
  }
  dbeta[c] = static_cast<T>(sum);
  dgamma[c] = static_cast<T>(projection);
}

/// Of gamma * dz and of its product with the normalised x: the means over a group, in each of its
/// channels; one thread a group.
template <class T>
__global__ void group_means(Sizes sizes, const T* gamma, const double* sums,
                            const double* projections, T* mean_dn, T* mean_projection) {
  const Index group = global_thread();
  if (group >= sizes.N * sizes.G) return;
  const Index first = group * sizes.width;  // in [N, C]
  double sum = 0.0, projection = 0.0;
  for (Index at = first; at < first + sizes.width; ++at) {
    sum += static_cast<double>(gamma[at % sizes.C]) * sums[at];
    projection += static_cast<double>(gamma[at % sizes.C]) * projections[at];
  }
  const double count = static_cast<double>(sizes.M) * static_cast<double>(sizes.width);
  for (Index at = first; at < first + sizes.width; ++at) {
    mean_dn[at] = static_cast<T>(sum / count);
    mean_projection[at] = static_cast<T>(projection / count);
  }
}

template <class E, int V>
__global__ void backward_rows(Sizes sizes, int columns, Index block_rows,
                              Affine<ComputeType<E>> affine, const ComputeType<E>* mean_dn,
                              const ComputeType<E>* mean_projection, const E* x, const E* dy,
                              E* dx) {
  using T = ComputeType<E>;
  const Rows rows(sizes, columns, block_rows, V);
  if (rows.channel >= sizes.C) return;
  const Channels<T, V> channels(affine, sizes.C, rows.channel);
  T dn[V], projection[V];
  for (int v = 0; v < V; ++v) {
    dn[v] = mean_dn[blockIdx.z * sizes.C + rows.channel + v];
    projection[v] = mean_projection[blockIdx.z * sizes.C + rows.channel + v];
  }
  for (Index m = rows.first; m < rows.end; m += rows.step) {
    const Index at = rows.image + m * sizes.C + rows.channel;
    const auto xs = *reinterpret_cast<const Pack<E, V>*>(x + at);
    const auto dys = *reinterpret_cast<const Pack<E, V>*>(dy + at);
    Pack<E, V> out;
    for (int v = 0; v < V; ++v) {
      const T value = load(xs.at[v]);
      const T dz = channels.bent(channels.z(value, v), load(dys.at[v]));
      const T common = dn[v] + channels.normalised(value, v) * projection[v];
      out.at[v] = store<E>(channels.scale[v] * dz - channels.inv_std[v] * common);
    }
    *reinterpret_cast<Pack<E, V>*>(dx + at) = out;
  }
}

/// Calls body(how, layout, V as a constant): one launch over the rows and channels of all images.
template <class E, class Body>
void over_rows(const char* name, const Sizes& sizes, const Body& body) {
  with_pack<E>(sizes.C, [&](auto pack) {
    const ColumnLayout layout = column_layout(sizes.M, sizes.C, pack);
    const Launch how{name,
                     dim3(static_cast<unsigned>(layout.blocks), static_cast<unsigned>(layout.tiles),
                          static_cast<unsigned>(sizes.N)),
                     kThreads};
    body(how, layout, pack);
  });
}

template <class T>
class CudaGroupNorm final : public GroupNormKernels<T> {
 public:
  void statistics(In<T> x, View<double> mean, View<double> var,
                  Workspace& workspace) const override {
    const Sizes sizes(x.shape, mean.size(1));
    double* means = workspace.take<double>(sizes.N * sizes.C);
    double* squares = workspace.take<double>(sizes.N * sizes.C);
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("group_norm_statistics", sizes.M, sizes.C,
                   Moments<E>{elements<E>(x), sizes.M * sizes.C},
                   FinishMoments<E>{sizes, elements<E>(x), means, squares}, workspace, sizes.N);
    });
    launch({"group_norm_statistics", blocks_for(sizes.N * sizes.G), kThreads}, merge_channels,
           sizes, means, squares, mean.data, var.data);
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               double slope, View<T> y, Workspace& workspace) const override {
    const Sizes sizes(x.shape, mean.size(1));
    const Affine<T> affine = affine_of<T>(sizes, mean, var, gamma, beta, eps, slope, workspace);
    with_element<T>(x.storage, [&]<class E>(E) {
      over_rows<E>("group_norm_forward", sizes,
                   [&](const Launch& how, const ColumnLayout& layout, auto pack) {
                     launch(how, forward_rows<E, decltype(pack)::value>, sizes, layout.columns,
                            layout.block_rows, affine, elements<E>(x), elements<E>(y));
                   });
    });
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, double slope, View<T> dx, View<T> dgamma, View<T> dbeta,
                Workspace& workspace) const override {
    const Sizes sizes(x.shape, mean.size(1));
    const Index count = sizes.N * sizes.C;
    const Affine<T> affine = affine_of<T>(sizes, mean, var, gamma, beta, eps, slope, workspace);
    double* sums = workspace.take<double>(count);
    double* projections = workspace.take<double>(count);
    T* mean_dn = workspace.take<T>(count);
    T* mean_projection = workspace.take<T>(count);
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("group_norm_backward", sizes.M, sizes.C,
                   GradientTerms<E>{elements<E>(x), elements<E>(dy), affine, sizes},
                   StoreTotals{sums, projections}, workspace, sizes.N);
      launch({"group_norm_backward", blocks_for(sizes.C), kThreads}, parameter_gradients<T>, sizes,
             sums, projections, dgamma.data, dbeta.data);
      if (!dx) return;
      launch({"group_norm_backward", blocks_for(sizes.N * sizes.G), kThreads}, group_means<T>,
             sizes, gamma.data, sums, projections, mean_dn, mean_projection);
      over_rows<E>("group_norm_backward", sizes,
                   [&](const Launch& how, const ColumnLayout& layout, auto pack) {
                     launch(how, backward_rows<E, decltype(pack)::value>, sizes, layout.columns,
                            layout.block_rows, affine, mean_dn, mean_projection, elements<E>(x),
                            elements<E>(dy), elements<E>(dx));
                   });
    });
  }
};

}  // namespace

template <class T>
const GroupNormKernels<T>& GroupNormKernels<T>::cuda() {
  static const CudaGroupNorm<T> kernels{};
  return kernels;
}
template const GroupNormKernels<float>& GroupNormKernels<float>::cuda();
template const GroupNormKernels<double>& GroupNormKernels<double>::cuda();

}  // namespace dmf
