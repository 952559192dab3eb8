#include <algorithm>
#include <cmath>

#include "engine/kernels/group_norm/group_norm.h"
#include "engine/kernels/row_sums.h"

namespace dmf {
namespace {

/// How x [N, H, W, C] is cut: every image by itself, in chunks of its pixels.
struct Cut {
  Index N, M, C, G, grain, chunks;  // M pixels and `chunks` chunks an image

  Cut(const Shape& x, Index groups)
      : N(x[0]),
        M(x[1] * x[2]),
        C(x[3]),
        G(groups),
        grain(rows_per_chunk(x[3])),
        chunks(chunk_count(x[1] * x[2], rows_per_chunk(x[3]))) {}

  Index group_of(Index c) const { return c / (C / G); }
  double group_size() const { return static_cast<double>(M) * static_cast<double>(C / G); }

  /// Calls body(image, pixels of all images, number among all chunks, thread).
  template <class Body>
  void for_each_chunk(const Body& body) const {
    parallel_for(N * chunks, [&](Index chunk, int thread) {
      const Index n = chunk / chunks;
      const ChunkRange rows = chunk_range(M, grain, chunk % chunks);
      body(n, ChunkRange{n * M + rows.begin, n * M + rows.end}, chunk, thread);
    });
  }
};

/// What the kernels need of a channel of an image, z = (x - centre) * scale + beta: N times C of
/// each. The centre is subtracted first: a large common offset cancels exactly.
template <class T>
struct Affine {
  T *centre, *inv_std, *scale;

  Affine(const Cut& cut, In<double> mean, In<double> var, In<T> gamma, double eps,
         Workspace& workspace)
      : centre(workspace.take<T>(cut.N * cut.C)),
        inv_std(workspace.take<T>(cut.N * cut.C)),
        scale(workspace.take<T>(cut.N * cut.C)) {
    for (Index n = 0; n < cut.N; ++n) {
      for (Index c = 0; c < cut.C; ++c) {
        const Index group = n * cut.G + cut.group_of(c), at = n * cut.C + c;
        const double inverse = 1.0 / std::sqrt(var.data[group] + eps);
        centre[at] = static_cast<T>(mean.data[group]);
        inv_std[at] = static_cast<T>(inverse);
        scale[at] = static_cast<T>(static_cast<double>(gamma.data[c]) * inverse);
      }
    }
  }
};

template <class T>
class CpuGroupNorm final : public GroupNormKernels<T> {
 public:
  // Chunks are summed on their own, channel by channel, then merged in order: a channel's chunks
  // first, then a group's channels.
  void statistics(In<T> x, View<double> mean, View<double> var,
                  Workspace& workspace) const override {
    const Cut cut(x.shape, mean.size(1));
    const Index C = cut.C;
    double* means = workspace.take<double>(cut.N * cut.chunks * C);
    double* squares = workspace.take<double>(cut.N * cut.chunks * C);
    T* scratch = workspace.take<T>(2 * C * num_threads());
    cut.for_each_chunk([&](Index, ChunkRange rows, Index chunk, int thread) {
      moments_of_rows(x.data, C, rows, scratch + 2 * C * thread, means + chunk * C,
                      squares + chunk * C);
    });
    const Index width = C / cut.G;
    parallel_for(cut.N * cut.G, [&](Index at) {
      const Index n = at / cut.G, first = at % cut.G * width;
      double group_mean = 0.0, group_squares = 0.0;
      for (Index k = 0; k < width; ++k) {
        double channel_mean = 0.0, channel_squares = 0.0;
        for (Index chunk = 0; chunk < cut.chunks; ++chunk) {
          const ChunkRange rows = chunk_range(cut.M, cut.grain, chunk);
          const Index from = (n * cut.chunks + chunk) * C + first + k;
          merge_moments(static_cast<double>(rows.begin), static_cast<double>(rows.end - rows.begin),
                        means[from], squares[from], channel_mean, channel_squares);
        }
        const auto M = static_cast<double>(cut.M);
        merge_moments(static_cast<double>(k) * M, M, channel_mean, channel_squares, group_mean,
                      group_squares);
      }
      mean.data[at] = group_mean;
      var.data[at] = std::max(0.0, group_squares / cut.group_size());
    });
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               double slope, View<T> y, Workspace& workspace) const override {
    const Cut cut(x.shape, mean.size(1));
    const Affine<T> affine(cut, mean, var, gamma, eps, workspace);
    const T below = static_cast<T>(slope);
    cut.for_each_chunk([&](Index n, ChunkRange rows, Index, int) {
      const T *centre = affine.centre + n * cut.C, *scale = affine.scale + n * cut.C;
      for (Index m = rows.begin; m < rows.end; ++m) {
        const T* from = x.data + m * cut.C;
        T* to = y.data + m * cut.C;
#pragma omp simd
        for (Index c = 0; c < cut.C; ++c) {
          const T z = (from[c] - centre[c]) * scale[c] + beta.data[c];
          to[c] = z > T{0} ? z : below * z;
        }
      }
    });
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, double slope, View<T> dx, View<T> dgamma, View<T> dbeta,
                Workspace& workspace) const override {
    const Cut cut(x.shape, mean.size(1));
    const Index C = cut.C;
    const Affine<T> affine(cut, mean, var, gamma, eps, workspace);
    const T below = static_cast<T>(slope);
    // dz, the gradient before the leaky ReLU; the same arithmetic as forward's, so the same pixels
    const auto bent = [&](const T* from, const T* centre, const T* scale, const T* gradient,
                          Index c) {
      const T z = (from[c] - centre[c]) * scale[c] + beta.data[c];
      return z > T{0} ? gradient[c] : below * gradient[c];
    };
    double* sums = workspace.take<double>(cut.N * cut.chunks * 2 * C);  // of dz, dz * normalised x
    T* scratch = workspace.take<T>(2 * C * num_threads());
    cut.for_each_chunk([&](Index n, ChunkRange rows, Index chunk, int thread) {
      const T *centre = affine.centre + n * C, *scale = affine.scale + n * C;
      const T* inv_std = affine.inv_std + n * C;
      T* sum = scratch + 2 * C * thread;
      T* projection = sum + C;
      sum_in_groups(rows.begin, rows.end, sum, 2 * C, sums + chunk * 2 * C,
                    [&](Index first, Index last) {
                      for (Index m = first; m < last; ++m) {
                        const T *x_m = x.data + m * C, *dy_m = dy.data + m * C;
#pragma omp simd
                        for (Index c = 0; c < C; ++c) {
                          const T dz = bent(x_m, centre, scale, dy_m, c);
                          sum[c] += dz;
                          projection[c] += dz * ((x_m[c] - centre[c]) * inv_std[c]);
                        }
                      }
                    });
    });
    for (Index n = 0; n < cut.N; ++n) {  // a channel's chunks into the first of its image
      for (Index chunk = 1; chunk < cut.chunks; ++chunk) {
        for (Index c = 0; c < 2 * C; ++c) {
          sums[n * cut.chunks * 2 * C + c] += sums[(n * cut.chunks + chunk) * 2 * C + c];
        }
      }
    }
    for (Index c = 0; c < C; ++c) {
      double sum = 0.0, projection = 0.0;
      for (Index n = 0; n < cut.N; ++n) {
        sum += sums[n * cut.chunks * 2 * C + c];
        projection += sums[n * cut.chunks * 2 * C + C + c];
      }
      dbeta.data[c] = static_cast<T>(sum);
      dgamma.data[c] = static_cast<T>(projection);
    }
    if (!dx) return;
    const GroupMeans means(cut, sums, gamma, workspace);
    cut.for_each_chunk([&](Index n, ChunkRange rows, Index, int) {
      const T *centre = affine.centre + n * C, *scale = affine.scale + n * C;
      const T* inv_std = affine.inv_std + n * C;
      const T *mean_dn = means.dn + n * C, *mean_projection = means.projection + n * C;
      for (Index m = rows.begin; m < rows.end; ++m) {
        const T *x_m = x.data + m * C, *dy_m = dy.data + m * C;
        T* dx_m = dx.data + m * C;
#pragma omp simd
        for (Index c = 0; c < C; ++c) {
          const T dz = bent(x_m, centre, scale, dy_m, c);
          const T normalised = (x_m[c] - centre[c]) * inv_std[c];
          dx_m[c] = scale[c] * dz - inv_std[c] * (mean_dn[c] + normalised * mean_projection[c]);
        }
      }
    });
  }

 private:
  /// Of dn = gamma * dz and of its product with the normalised x: the means over a group, as N times
  /// C, the same in all channels of a group.
  struct GroupMeans {
    T *dn, *projection;

    GroupMeans(const Cut& cut, const double* sums, In<T> gamma, Workspace& workspace)
        : dn(workspace.take<T>(cut.N * cut.C)), projection(workspace.take<T>(cut.N * cut.C)) {
      const Index width = cut.C / cut.G;
      for (Index n = 0; n < cut.N; ++n) {
        const double* of_image = sums + n * cut.chunks * 2 * cut.C;
        for (Index first = 0; first < cut.C; first += width) {
          double sum = 0.0, product = 0.0;
          for (Index c = first; c < first + width; ++c) {
            sum += static_cast<double>(gamma.data[c]) * of_image[c];
            product += static_cast<double>(gamma.data[c]) * of_image[cut.C + c];
          }
          std::fill_n(dn + n * cut.C + first, width, static_cast<T>(sum / cut.group_size()));
          std::fill_n(projection + n * cut.C + first, width,
                      static_cast<T>(product / cut.group_size()));
        }
      }
    }
  };
};

}  // namespace

template <class T>
template <InstructionSet>
const GroupNormKernels<T>& GroupNormKernels<T>::cpu() {
  static const CpuGroupNorm<T> kernels{};
  return kernels;
}
template const GroupNormKernels<float>& GroupNormKernels<float>::cpu<kCompiledFor>();
template const GroupNormKernels<double>& GroupNormKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
