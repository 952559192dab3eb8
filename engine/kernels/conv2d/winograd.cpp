#include "engine/kernels/conv2d/winograd.h"

#include "engine/kernels/conv2d/kept_weights.h"
#include "engine/kernels/conv2d/winograd_tiles.h"

namespace dmf::cpu {
namespace {

using namespace winograd;

/// A^T m A of one tile and one vector of channels, finished and written where it lies inside the
/// image.
template <class Scheme>
void store_tile(const float* products, Index element_step, const PanelEpilogue<float>& finish,
                const Corner& corner, Index channel, View<float> y) {
  constexpr int kSide = Scheme::kElements, kTile = Scheme::kTile;
  Vectors<kSide * kSide> m;
  Vectors<kTile * kSide> columns;
  for (int i = 0; i < kSide * kSide; ++i) m[i] = V::load(products + i * element_step);
  for (int col = 0; col < kSide; ++col) Scheme::target(m + col, kSide, columns + col, kSide);
  const Index H = y.size(1), W = y.size(2), C = y.size(3);
  const Index count = std::min(kLanes, C - channel);
  for (int r = 0; r < kTile; ++r) {
    const Index row = corner.row + r;
    if (row < 0 || row >= H) continue;
    Vectors<kTile> out;
    Scheme::target(columns + r * kSide, 1, out, 1);
    for (int c = 0; c < kTile; ++c) {
      const Index col = corner.col + c;
      if (col < 0 || col >= W) continue;
      const Vector value = finish(out[c], channel);
      float* to = y.data + ((corner.image * H + row) * W + col) * C + channel;
      store_channels(to, value, count);
    }
  }
}

/// What a pass multiplies by: the kernels of a convolution. `turned`: rotated by 180 degrees with
/// their channel axes exchanged, for the data gradient.
struct Kernels {
  In<float> weight;
  bool turned;
  WeightForm form;
  KeptWeights* kept;

  Index depth() const { return weight.size(turned ? 3 : 2); }
  Index channels() const { return weight.size(turned ? 2 : 3); }
  Index panels() const { return chunk_count(channels(), kWidth); }
};

/// Floats between two transformed kernels of a panel, and of a whole panel.
Index matrix_step(const Kernels& kernels) {
  return spaced(kernels.depth() * kWidth);
}
template <class Scheme>
Index panel_size(const Kernels& kernels) {
  return kMatrices<Scheme> * matrix_step(kernels);
}

/// Copies the kernels of one panel, input channels [k, k + count): to[input][tap][kWidth].
void gather_kernels(const Kernels& kernels, Index panel, Index k, Index count, float* to) {
  const In<float>& weight = kernels.weight;
  const Index C_out = weight.size(3), taps_step = weight.size(2) * C_out;
  const Index first = panel * kWidth, outputs = std::min(kWidth, kernels.channels() - first);
  for (Index tap = 0; tap < 9; ++tap) {
    if (kernels.turned) {  // in the order of memory: rows of a power of two evict each other
      const float* from = weight.data + (8 - tap) * taps_step + first * C_out + k;
      for (Index c = 0; c < outputs; ++c) {
        for (Index i = 0; i < count; ++i) to[(i * 9 + tap) * kWidth + c] = from[c * C_out + i];
      }
    } else {
      const float* from = weight.data + tap * taps_step + k * C_out + first;
      for (Index i = 0; i < count; ++i) {
        for (Index c = 0; c < outputs; c += kLanes) {
          V::store(to + (i * 9 + tap) * kWidth + c,
                   load_channels(from + i * C_out + c, outputs - c));
        }
      }
    }
  }
}

/// G w G^T of one panel's kernels for input channels `range`: to[matrix][depth][kWidth], matrices
/// `spaced`.
template <class Scheme>
void transform_panel(const Kernels& kernels, Index panel, const ChunkRange& range, float* to) {
  constexpr Index kInputs = 16;  // a cache line of a turned kernel
  alignas(64) float gathered[kInputs * 9 * kWidth] = {};
  for (Index begin = range.begin; begin < range.end; begin += kInputs) {
    const Index count = std::min(kInputs, range.end - begin);
    gather_kernels(kernels, panel, begin, count, gathered);
    for (Index i = 0; i < count; ++i) {
      for (Index half = 0; half < kWidth; half += kLanes) {
        Vectors<9> g;
        Vectors<Scheme::kMatrices * 3> columns;
        for (int tap = 0; tap < 9; ++tap)
          g[tap] = V::load(gathered + (i * 9 + tap) * kWidth + half);
        for (int col = 0; col < 3; ++col) Scheme::kernel(g + col, 3, columns + col, 3);
        for (int row = 0; row < Scheme::kMatrices; ++row) {
          Vectors<Scheme::kMatrices> out;
          Scheme::kernel(columns + row * 3, 1, out, 1);
          for (int col = 0; col < Scheme::kMatrices; ++col) {
            const Index matrix = row * Scheme::kMatrices + col;
            V::store(to + matrix * matrix_step(kernels) + (begin + i) * kWidth + half, out[col]);
          }
        }
      }
    }
  }
}

/// target from source, the forward pass or the data gradient, in pieces that threads share out.
template <class Scheme>
class Pass {
 public:
  Pass(const Tiling<Scheme>& tiling, In<float> x, const Kernels& kernels,
       const Epilogue<float>& epilogue, View<float> y, Workspace& workspace)
      : tiling_(tiling),
        x_(x),
        kernels_(kernels),
        finish_(epilogue, kernels.channels(), workspace),
        y_(y),
        workspace_(workspace),
        depth_(round_up(kernels.depth(), kLanes)),
        zeros_(workspace.take<float>(depth_)) {
    std::fill_n(zeros_, depth_, 0.0f);
  }

  void run() {
    // Whichever of the two operands is the larger is transformed piece by piece just before its
    // use, the other as a whole: what is read again and again is the smaller one.
    const Index patches = kElements<Scheme> * tiling_.count();
    const Index matrices = kMatrices<Scheme> * kernels_.channels();
    constexpr Index kMuchLarger = 4;  // tiles are the better pieces: there are more of them
    matrices > kMuchLarger* patches ? run_by_panels() : run_by_tiles();
  }

 private:
  /// Transformed tiles [first, end): [element][tile, whole register blocks][depth].
  struct Patches {
    Index first, end, step;
    float* data;
  };

  Patches layout(Index first, Index end, float* data, Index most) const {
    return {first, end, spaced(most * depth_), data};
  }

  void transform_patches(const Patches& patches, const ChunkRange& slots) const {
    for (Index slot = slots.begin; slot < slots.end; ++slot) {
      const float* pixels[Scheme::kPatch * Scheme::kPatch];
      const Index tile = patches.first + slot;
      if (tile < patches.end) {
        gather_pixels<Scheme::kPatch>(x_.data, x_.shape, tiling_.source_corner(tile), zeros_,
                                      pixels);
      } else {  // fills the last register block
        std::fill(std::begin(pixels), std::end(pixels), zeros_);
      }
      transform_patch<Scheme>(pixels, kernels_.depth(), patches.data + slot * depth_, patches.step);
    }
  }

  /// One panel of output channels of some tiles; products [element][tile][kWidth].
  void multiply(const Patches& patches, const float* panel_weights, Index panel, float* products,
                Index product_step) const {
    const Index used = patches.end - patches.first;
    for (int element = 0; element < kElements<Scheme>; ++element) {
      const float* matrix = panel_weights + matrix_of<Scheme>(element) * matrix_step(kernels_);
      for (Index slot = 0; slot < used; slot += kRows) {
        const float* rows[kRows];
        for (Index r = 0; r < kRows; ++r) {
          rows[r] = patches.data + element * patches.step + (slot + r) * depth_;
        }
        multiply_rows<float>(rows, kernels_.depth(), matrix,
                             products + element * product_step + slot * kWidth);
      }
    }
    const Index channels = std::min((panel + 1) * kWidth, kernels_.channels());
    for (Index slot = 0; slot < used; ++slot) {
      const Corner corner = tiling_.target_corner(patches.first + slot);
      for (Index c = panel * kWidth; c < channels; c += kLanes) {
        store_tile<Scheme>(products + slot * kWidth + c % kWidth, product_step, finish_, corner, c,
                           y_);
      }
    }
  }

  /// All weights first; then each thread transforms some tiles into its L2 cache and multiplies
  /// them by every panel.
  void run_by_tiles() {
    constexpr Index kInputs = 64;
    const Index panels = kernels_.panels(), pieces = chunk_count(kernels_.depth(), kInputs);
    const Index panel_step = panel_size<Scheme>(kernels_);
    const auto transform = [&](float* to) {
      parallel_for(panels * pieces, [&](Index unit) {
        const Index panel = unit / pieces;
        transform_panel<Scheme>(kernels_, panel,
                                chunk_range(kernels_.depth(), kInputs, unit % pieces),
                                to + panel * panel_step);
      });
    };
    const float* weights = weights_in_form<float>(kernels_.kept, kernels_.form, panels * panel_step,
                                                  workspace_, transform);

    const Index fitting = (Index{1} << 16) / (kElements<Scheme> * depth_);  // 256 kB
    const Index most = round_up(std::clamp<Index>(fitting, depth_ >= 256 ? 24 : 12, 48), kRows);
    const Index blocks = chunk_count(tiling_.count(), most);
    const Index product_step = spaced(most * kWidth);
    const Index patches_size = kElements<Scheme> * spaced(most * depth_);
    const Index scratch_size = patches_size + kElements<Scheme> * product_step;
    float* scratch = workspace_.take<float>(scratch_size * num_threads());
    parallel_for(blocks, [&](Index block, int thread) {
      float* mine = scratch + scratch_size * thread;
      const ChunkRange rows = even_share(chunk_count(tiling_.count(), kRows), blocks, block);
      const Patches patches =
          layout(rows.begin * kRows, std::min(rows.end * kRows, tiling_.count()), mine, most);
      transform_patches(patches, {0, (rows.end - rows.begin) * kRows});
      for (Index panel = 0; panel < panels; ++panel) {
        multiply(patches, weights + panel * panel_step, panel, mine + patches_size, product_step);
      }
    });
  }

  /// All tiles first; then each thread transforms a panel's weights and multiplies every tile by
  /// them. For the deep layers: few pixels, and weights that as a whole would not fit any cache.
  void run_by_panels() {
    const Index slots = round_up(tiling_.count(), kRows);
    float* data = workspace_.take<float>(kElements<Scheme> * spaced(slots * depth_));
    const Patches patches = layout(0, tiling_.count(), data, slots);
    parallel_for(slots, [&](Index slot) { transform_patches(patches, {slot, slot + 1}); });

    const Index product_step = spaced(slots * kWidth);
    const Index weights_size = panel_size<Scheme>(kernels_);
    const Index scratch_size = weights_size + kElements<Scheme> * product_step;
    float* scratch = workspace_.take<float>(scratch_size * num_threads());
    parallel_for(kernels_.panels(), [&](Index panel, int thread) {
      float* weights = scratch + scratch_size * thread;
      transform_panel<Scheme>(kernels_, panel, {0, kernels_.depth()}, weights);
      multiply(patches, weights, panel, weights + weights_size, product_step);
    });
  }

  const Tiling<Scheme>& tiling_;
  In<float> x_;
  Kernels kernels_;
  PanelEpilogue<float> finish_;
  View<float> y_;
  Workspace& workspace_;
  Index depth_;  // whole vectors of input channels
  float* zeros_;
};

}  // namespace

bool winograd_pays(const Conv2dSpec& spec, const Shape& weight, const Shape& y) {
  constexpr Index kLeastChannels = 8, kLeastTiles = 16;
  if (weight[0] != 3 || weight[1] != 3 || spec.stride_h != spec.stride_w) return false;
  if (spec.stride_h > 2 || std::min(weight[2], weight[3]) < kLeastChannels) return false;
  // A transposed convolution may be padded by less than nothing.
  if (spec.stride_h == 2 && std::min(spec.pad.top, spec.pad.left) < 0) return false;
  static_assert(Stride1::kTile == Downscale::kTile);
  const Index elements = spec.stride_h == 1 ? kElements<Stride1> : kElements<Downscale>;
  const Index tiles = forward_tiling<Stride1>({}, y, y).count();
  return tiles >= kLeastTiles && elements * tiles * 3 <= 9 * (y[0] * y[1] * y[2]) * 2;
}

void winograd_forward(const Conv2dSpec& spec, In<float> x, In<float> weight,
                      const Epilogue<float>& epilogue, View<float> y, Workspace& workspace) {
  const auto run_as = [&]<class Scheme>(const Tiling<Scheme>& tiling, WeightForm form) {
    Pass<Scheme>(tiling, x, {weight, false, form, spec.kept}, epilogue, y, workspace).run();
  };
  if (spec.stride_h == 1) {
    return run_as(forward_tiling<Stride1>(spec.pad, x.shape, y.shape), WeightForm::stride1);
  }
  run_as(forward_tiling<Downscale>(spec.pad, x.shape, y.shape), WeightForm::downscale);
}

void winograd_backward_data(const Conv2dSpec& spec, In<float> dy, In<float> weight,
                            const Epilogue<float>& epilogue, View<float> dx, Workspace& workspace) {
  const auto run_as = [&]<class Scheme>(const Tiling<Scheme>& tiling, WeightForm form) {
    Pass<Scheme>(tiling, dy, {weight, true, form, spec.kept}, epilogue, dx, workspace).run();
  };
  const Padding& pad = spec.pad;
  if (spec.stride_h == 1) {
    const Padding turned{2 - pad.top, 2 - pad.left, 0, 0};
    return run_as(forward_tiling<Stride1>(turned, dy.shape, dx.shape), WeightForm::stride1_turned);
  }
  run_as(upscale_tiling(pad, dy.shape, dx.shape), WeightForm::upscale);
}

}  // namespace dmf::cpu
