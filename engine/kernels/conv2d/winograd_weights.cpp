#include "engine/kernels/conv2d/winograd.h"

#include "engine/kernels/conv2d/winograd_tiles.h"

namespace dmf::cpu {
namespace {

using namespace winograd;

/// A dy A^T of one tile and one vector of channels: to[element * element_step].
template <class Scheme>
void transform_gradient(const float* const* pixels, Index c, Index count, float* to,
                        Index element_step) {
  constexpr int kTile = Scheme::kTile;
  Vectors<kTile * kTile> d;
  Vectors<Scheme::kElements * kTile> columns;
  for (int i = 0; i < kTile * kTile; ++i) d[i] = load_channels(pixels[i] + c, count);
  for (int col = 0; col < kTile; ++col) {
    Scheme::target_adjoint(d + col, kTile, columns + col, kTile);
  }
  for (int row = 0; row < Scheme::kElements; ++row) {
    Vectors<Scheme::kElements> out;
    Scheme::target_adjoint(columns + row * kTile, 1, out, 1);
    for (int col = 0; col < Scheme::kElements; ++col) {
      V::store(to + (row * Scheme::kElements + col) * element_step, out[col]);
    }
  }
}

/// The gradient of a convolution's kernels from its input and its output's gradient.
template <class Scheme>
class WeightGradient {
 public:
  WeightGradient(const Tiling<Scheme>& tiling, In<float> x, In<float> dy, View<float> dweight,
                 Workspace& workspace)
      : tiling_(tiling),
        x_(x),
        dy_(dy),
        dweight_(dweight),
        workspace_(workspace),
        inputs_(round_up(x.size(3), kLanes)),
        outputs_(round_up(dy.size(3), kWidth)),
        zeros_(workspace.take<float>(std::max(inputs_, outputs_))) {
    std::fill_n(zeros_, std::max(inputs_, outputs_), 0.0f);
    const Index fitting = kCacheFloats / (kElements<Scheme> * (inputs_ + outputs_));
    block_ = std::min(std::clamp<Index>(fitting, 64, 1024), tiling.count());
    patch_step_ = spaced(block_ * inputs_);
    gradient_step_ = spaced(block_ * outputs_);
    patches_ = workspace.take<float>(kElements<Scheme> * patch_step_);
    gradients_ = workspace.take<float>(kElements<Scheme> * gradient_step_);
  }

  void run() {
    const Index sums = kMatrices<Scheme> * outputs_ * x_.size(3);
    block_ == tiling_.count() && sums > kCacheFloats ? run_by_pieces() : run_by_matrices(sums);
  }

 private:
  static constexpr Index kCacheFloats = Index{1} << 21;  // 8 MB

  Index panels() const { return outputs_ / kWidth; }

  /// A block of tiles: patches [element][tile][C_in], gradients [element][panel][tile][kWidth].
  void transform_block(Index first, Index used) {
    parallel_chunks(used, 8, [&](Index begin, Index end) {
      for (Index slot = begin; slot < end; ++slot) {
        const float* pixels[Scheme::kPatch * Scheme::kPatch];
        gather_pixels<Scheme::kPatch>(x_.data, x_.shape, tiling_.source_corner(first + slot),
                                      zeros_, pixels);
        transform_patch<Scheme>(pixels, x_.size(3), patches_ + slot * inputs_, patch_step_);
        gather_pixels<Scheme::kTile>(dy_.data, dy_.shape, tiling_.target_corner(first + slot),
                                     zeros_, pixels);
        const Index C_out = dy_.size(3);
        for (Index c = 0; c < outputs_; c += kLanes) {
          float* to = gradients_ + (c / kWidth * block_ + slot) * kWidth + c % kWidth;
          // The last panel may have an empty half.
          transform_gradient<Scheme>(pixels, c < C_out ? c : 0, std::max<Index>(0, C_out - c), to,
                                     gradient_step_);
        }
      }
    });
  }

  /// sums[c - inputs.begin][kWidth] += the block's products of one kernel.
  void add_products(Index panel, Index matrix, const ChunkRange& inputs, Index used,
                    float* sums) const {
    for (int element = 0; element < kElements<Scheme>; ++element) {
      if (matrix_of<Scheme>(element) != matrix) continue;
      const float* gradient = gradients_ + element * gradient_step_ + panel * block_ * kWidth;
      for (Index c = inputs.begin; c < inputs.end; c += kRows) {
        multiply_columns<float>(std::min<Index>(kRows, inputs.end - c),
                                patches_ + element * patch_step_ + c, inputs_, gradient, used,
                                sums + (c - inputs.begin) * kWidth);
      }
    }
  }

  /// G^T u G of sums[matrix][c - inputs.begin][kWidth], into dweight.
  void store(Index panel, const ChunkRange& inputs, const float* sums, Index matrix_step) const {
    const Index C_in = x_.size(3), C_out = dy_.size(3);
    for (Index c = inputs.begin; c < inputs.end; ++c) {
      for (Index half = 0; half < kWidth; half += kLanes) {
        constexpr int kSide = Scheme::kMatrices;
        Vectors<kSide * kSide> u;
        Vectors<3 * kSide> columns;
        for (int e = 0; e < kSide * kSide; ++e) {
          u[e] = V::load(sums + e * matrix_step + (c - inputs.begin) * kWidth + half);
        }
        for (int col = 0; col < kSide; ++col) {
          Scheme::kernel_adjoint(u + col, kSide, columns + col, kSide);
        }
        const Index o = panel * kWidth + half, count = std::min(kLanes, C_out - o);
        for (int row = 0; row < 3 && count > 0; ++row) {
          Vectors<3> out;
          Scheme::kernel_adjoint(columns + row * kSide, 1, out, 1);
          for (int col = 0; col < 3; ++col) {
            store_channels(dweight_.data + ((row * 3 + col) * C_in + c) * C_out + o, out[col],
                           count);
          }
        }
      }
    }
  }

  /// Many tiles: block after block, each thread adds to kernels and panels of its own.
  void run_by_matrices(Index sums_size) {
    const Index C_in = x_.size(3);
    const ChunkRange all{0, C_in};
    float* sums = workspace_.take<float>(sums_size);  // [panel][matrix][C_in][kWidth]
    parallel_chunks(sums_size, 1 << 16,
                    [&](Index begin, Index end) { std::fill(sums + begin, sums + end, 0.0f); });
    for (Index first = 0; first < tiling_.count(); first += block_) {
      const Index used = std::min(block_, tiling_.count() - first);
      transform_block(first, used);
      parallel_for(kMatrices<Scheme> * panels(), [&](Index unit) {
        // Panels change fastest: the next one finds this kernel's patches in the cache.
        const Index matrix = unit / panels(), panel = unit % panels();
        add_products(panel, matrix, all, used,
                     sums + (panel * kMatrices<Scheme> + matrix) * C_in * kWidth);
      });
    }
    constexpr Index kPiece = 16;
    const Index pieces = chunk_count(C_in, kPiece);
    parallel_for(panels() * pieces, [&](Index unit) {
      const Index panel = unit / pieces;
      const ChunkRange inputs = chunk_range(C_in, kPiece, unit % pieces);
      store(panel, inputs, sums + (panel * kMatrices<Scheme> * C_in + inputs.begin) * kWidth,
            C_in * kWidth);
    });
  }

  /// Few tiles and many kernels: each thread takes some input channels of a panel from products to
  /// gradients, so that the sums, larger than any cache, are never in memory as a whole.
  void run_by_pieces() {
    constexpr Index kPiece = Index{8} * kRows;
    const Index C_in = x_.size(3), pieces = chunk_count(C_in, kPiece);
    const Index matrix_step = spaced(kPiece * kWidth);
    const Index sums_size = kMatrices<Scheme> * matrix_step;
    float* scratch = workspace_.take<float>(sums_size * num_threads());
    transform_block(0, block_);
    parallel_for(panels() * pieces, [&](Index unit, int thread) {
      const Index panel = unit / pieces;
      const ChunkRange inputs = chunk_range(C_in, kPiece, unit % pieces);
      float* sums = scratch + sums_size * thread;
      std::fill_n(sums, sums_size, 0.0f);
      for (Index matrix = 0; matrix < kMatrices<Scheme>; ++matrix) {
        add_products(panel, matrix, inputs, block_, sums + matrix * matrix_step);
      }
      store(panel, inputs, sums, matrix_step);
    });
  }

  const Tiling<Scheme>& tiling_;
  In<float> x_, dy_;
  View<float> dweight_;
  Workspace& workspace_;
  Index inputs_, outputs_;  // channels padded to whole vectors and panels
  float* zeros_;
  Index block_, patch_step_, gradient_step_;
  float *patches_, *gradients_;
};

}  // namespace

void winograd_backward_weight(const Conv2dSpec& spec, In<float> x, In<float> dy,
                              View<float> dweight, Workspace& workspace) {
  const auto run_as = [&]<class Scheme>(const Tiling<Scheme>& tiling) {
    WeightGradient<Scheme>(tiling, x, dy, dweight, workspace).run();
  };
  if (spec.stride_h == 1) return run_as(forward_tiling<Stride1>(spec.pad, x.shape, dy.shape));
  run_as(forward_tiling<Downscale>(spec.pad, x.shape, dy.shape));
}

}  // namespace dmf::cpu
