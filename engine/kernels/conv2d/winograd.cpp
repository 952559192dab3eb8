#include "engine/kernels/conv2d/winograd.h"

#include <algorithm>
#include <cstring>

#include "engine/core/parallel.h"
#include "engine/kernels/conv2d/register_block.h"
#include "engine/kernels/conv2d/winograd_transforms.h"

namespace dmf::cpu {
namespace {

using winograd::Vector;
using V = Simd<float>;

template <int kCount>
using Vectors = Vector[static_cast<std::size_t>(kCount)];

constexpr Index kLanes = V::kLanes;
constexpr Index kWidth = kPanel<float>;

template <class Scheme>
constexpr int kElements = Scheme::kElements* Scheme::kElements;
template <class Scheme>
constexpr int kMatrices = Scheme::kMatrices* Scheme::kMatrices;

/// Which of the two-dimensional kernels an element, counted row by row, multiplies.
template <class Scheme>
constexpr int matrix_of(int element) {
  return Scheme::matrix_of(element / Scheme::kElements) * Scheme::kMatrices +
         Scheme::matrix_of(element % Scheme::kElements);
}

Index round_up(Index n, Index unit) {
  return chunk_count(n, unit) * unit;
}

/// The distance between two elements of a transformed tile, `size` floats and a cache line. Channel
/// counts are powers of two mostly; without the line all elements of a tile would fall into the
/// same few sets of the caches and evict each other.
Index spaced(Index size) {
  return size + 64 / static_cast<Index>(sizeof(float));
}

/// A pixel of the batch, maybe outside its image.
struct Corner {
  Index image, row, col;
};

/// The tiles of a batch of images, counted image by image, row by row, and where they lie.
template <class Scheme>
struct Tiling {
  Shape source, target;
  Index source_row, source_col;  // of the first tile's patch: 0 or before the image's first pixel
  Index target_row, target_col;  // of the first tile: likewise
  Index rows, cols;              // tiles of an image

  Tiling(const Shape& source_shape, const Shape& target_shape, Index source_top, Index source_left,
         Index target_top, Index target_left)
      : source(source_shape),
        target(target_shape),
        source_row(-source_top),
        source_col(-source_left),
        target_row(-target_top),
        target_col(-target_left),
        rows(chunk_count(target[1] + target_top, Scheme::kTile)),
        cols(chunk_count(target[2] + target_left, Scheme::kTile)) {}

  Index count() const { return target[0] * rows * cols; }

  Corner source_corner(Index tile) const {
    return corner(tile, Scheme::kStep, source_row, source_col);
  }
  Corner target_corner(Index tile) const {
    return corner(tile, Scheme::kTile, target_row, target_col);
  }

 private:
  Corner corner(Index tile, Index step, Index row, Index col) const {
    const Index in_image = tile % (rows * cols);
    return {tile / (rows * cols), row + in_image / cols * step, col + in_image % cols * step};
  }
};

/// Addresses of kSide x kSide pixels from a corner; those outside the image point at zeros.
template <int kSide>
void gather_pixels(const float* images, const Shape& shape, const Corner& corner,
                   const float* zeros, const float** pixels) {
  const Index H = shape[1], W = shape[2], C = shape[3];
  for (Index r = 0; r < kSide; ++r) {
    for (Index c = 0; c < kSide; ++c) {
      const Index h = corner.row + r, w = corner.col + c;
      const bool inside = h >= 0 && h < H && w >= 0 && w < W;
      pixels[r * kSide + c] = inside ? images + ((corner.image * H + h) * W + w) * C : zeros;
    }
  }
}

/// A vector of channels, the ones beyond `count` zero.
Vector load_channels(const float* from, Index count) {
  if (count >= kLanes) return V::load(from);
  Vector v{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(float));
  return v;
}

/// The first `count` channels of a vector.
void store_channels(float* to, Vector v, Index count) {
  if (count >= kLanes) return V::store(to, v);
  std::memcpy(to, &v, static_cast<std::size_t>(count) * sizeof(float));
}

/// B^T d B of one tile: to[element * element_step + channel], channels padded to whole vectors.
template <class Scheme>
void transform_patch(const float* const* pixels, Index C, float* to, Index element_step) {
  constexpr int kPatch = Scheme::kPatch;
  for (Index c = 0; c < C; c += kLanes) {
    Vectors<kPatch * kPatch> d;
    Vectors<Scheme::kElements * kPatch> columns;
    for (int i = 0; i < kPatch * kPatch; ++i) d[i] = load_channels(pixels[i] + c, C - c);
    for (int col = 0; col < kPatch; ++col) {
      Scheme::source(d + col, kPatch, columns + col, kPatch);
    }
    for (int row = 0; row < Scheme::kElements; ++row) {
      Vectors<Scheme::kElements> out;
      Scheme::source(columns + row * kPatch, 1, out, 1);
      for (int col = 0; col < Scheme::kElements; ++col) {
        V::store(to + (row * Scheme::kElements + col) * element_step + c, out[col]);
      }
    }
  }
}

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

/// G w G^T of all kernels, [panel][matrix][depth][kWidth], matrices `spaced`. `turned`: the kernel
/// rotated by 180 degrees with its channel axes exchanged, for the data gradient.
template <class Scheme>
float* transform_weights(In<float> weight, bool turned, Index depth, Index channels,
                         Workspace& workspace) {
  const Index panels = chunk_count(channels, kWidth);
  const Index matrix_step = spaced(depth * kWidth);
  float* transformed = workspace.take<float>(panels * kMatrices<Scheme> * matrix_step);
  const Index C_out = weight.size(3), taps_step = weight.size(2) * C_out;
  parallel_for(panels * depth, [&](Index unit) {
    const Index panel = unit / depth, k = unit % depth, first = panel * kWidth;
    alignas(64) float kernel[9 * kWidth] = {};
    for (Index tap = 0; tap < 9; ++tap) {
      for (Index c = 0; c < std::min(kWidth, channels - first); ++c) {
        kernel[tap * kWidth + c] =
            turned ? weight.data[(8 - tap) * taps_step + (first + c) * C_out + k]
                   : weight.data[tap * taps_step + k * C_out + first + c];
      }
    }
    for (Index half = 0; half < kWidth; half += kLanes) {
      Vectors<9> g;
      Vectors<Scheme::kMatrices * 3> columns;
      for (int tap = 0; tap < 9; ++tap) g[tap] = V::load(kernel + tap * kWidth + half);
      for (int col = 0; col < 3; ++col) Scheme::kernel(g + col, 3, columns + col, 3);
      for (int row = 0; row < Scheme::kMatrices; ++row) {
        Vectors<Scheme::kMatrices> out;
        Scheme::kernel(columns + row * 3, 1, out, 1);
        for (int col = 0; col < Scheme::kMatrices; ++col) {
          const Index matrix = row * Scheme::kMatrices + col;
          V::store(
              transformed + (panel * kMatrices<Scheme> + matrix) * matrix_step + k * kWidth + half,
              out[col]);
        }
      }
    }
  });
  return transformed;
}

/// target from source: both the forward pass and the data gradient.
template <class Scheme>
void run(const Tiling<Scheme>& tiling, In<float> x, In<float> weight, bool turned,
         const Epilogue<float>& epilogue, View<float> y, Workspace& workspace) {
  const Index depth = x.size(3), channels = y.size(3);
  const Index padded_depth = round_up(depth, kLanes), panels = chunk_count(channels, kWidth);
  const float* weights = transform_weights<Scheme>(weight, turned, depth, channels, workspace);
  const Index fitting = (Index{1} << 16) / (kElements<Scheme> * padded_depth);  // 256 kB
  const Index block =
      round_up(std::clamp<Index>(fitting, padded_depth >= 256 ? 24 : 12, 48), kRows);

  float* zeros = workspace.take<float>(padded_depth);
  std::fill_n(zeros, padded_depth, 0.0f);
  const PanelEpilogue<float> finish(epilogue, channels, workspace);
  const Index patch_step = spaced(block * padded_depth), product_step = spaced(block * kWidth);
  const Index patches_size = kElements<Scheme> * patch_step;
  const Index products_size = kElements<Scheme> * product_step;
  float* scratch = workspace.take<float>((patches_size + products_size) * num_threads());

  parallel_for(chunk_count(tiling.count(), block), [&](Index unit, int thread) {
    const ChunkRange tiles = chunk_range(tiling.count(), block, unit);
    const Index used = tiles.end - tiles.begin;
    float* patches = scratch + (patches_size + products_size) * thread;  // [element][tile][depth]
    float* products = patches + patches_size;                            // [element][tile][kWidth]
    for (Index slot = 0; slot < round_up(used, kRows); ++slot) {
      const float* pixels[Scheme::kPatch * Scheme::kPatch];
      if (slot < used) {
        gather_pixels<Scheme::kPatch>(x.data, x.shape, tiling.source_corner(tiles.begin + slot),
                                      zeros, pixels);
      } else {  // fills the last register block
        std::fill(std::begin(pixels), std::end(pixels), zeros);
      }
      transform_patch<Scheme>(pixels, depth, patches + slot * padded_depth, patch_step);
    }
    for (Index panel = 0; panel < panels; ++panel) {
      for (int element = 0; element < kElements<Scheme>; ++element) {
        const float* matrix = weights + (panel * kMatrices<Scheme> + matrix_of<Scheme>(element)) *
                                            spaced(depth * kWidth);
        for (Index slot = 0; slot < used; slot += kRows) {
          const float* rows[kRows];
          for (Index r = 0; r < kRows; ++r) {
            rows[r] = patches + element * patch_step + (slot + r) * padded_depth;
          }
          multiply_rows<float>(rows, depth, matrix,
                               products + element * product_step + slot * kWidth);
        }
      }
      for (Index slot = 0; slot < used; ++slot) {
        const Corner corner = tiling.target_corner(tiles.begin + slot);
        for (Index c = panel * kWidth; c < std::min((panel + 1) * kWidth, channels); c += kLanes) {
          store_tile<Scheme>(products + slot * kWidth + c % kWidth, product_step, finish, corner, c,
                             y);
        }
      }
    }
  });
}

template <class Scheme>
void run_backward_weight(const Tiling<Scheme>& tiling, In<float> x, In<float> dy,
                         View<float> dweight, Workspace& workspace) {
  const Index C_in = x.size(3), C_out = dy.size(3), panels = chunk_count(C_out, kWidth);
  const Index padded_in = round_up(C_in, kLanes), padded_out = panels * kWidth;
  const Index fitting = (Index{1} << 21) / (kElements<Scheme> * (padded_in + padded_out));  // 8 MB
  const Index block = std::min(std::clamp<Index>(fitting, 64, 1024), tiling.count());

  float* zeros = workspace.take<float>(std::max(padded_in, padded_out));
  std::fill_n(zeros, std::max(padded_in, padded_out), 0.0f);
  // [element][tile][C_in], [element][panel][tile], [matrix][panel][C_in]
  const Index patch_step = spaced(block * padded_in), gradient_step = spaced(block * padded_out);
  float* patches = workspace.take<float>(kElements<Scheme> * patch_step);
  float* gradients = workspace.take<float>(kElements<Scheme> * gradient_step);
  float* sums = workspace.take<float>(kMatrices<Scheme> * padded_out * C_in);
  parallel_chunks(kMatrices<Scheme> * padded_out * C_in, 1 << 16,
                  [&](Index begin, Index end) { std::fill(sums + begin, sums + end, 0.0f); });

  for (Index first = 0; first < tiling.count(); first += block) {
    const Index used = std::min(block, tiling.count() - first);
    parallel_chunks(used, 8, [&](Index begin, Index end) {
      for (Index slot = begin; slot < end; ++slot) {
        const float* pixels[Scheme::kPatch * Scheme::kPatch];
        gather_pixels<Scheme::kPatch>(x.data, x.shape, tiling.source_corner(first + slot), zeros,
                                      pixels);
        transform_patch<Scheme>(pixels, C_in, patches + slot * padded_in, patch_step);
        gather_pixels<Scheme::kTile>(dy.data, dy.shape, tiling.target_corner(first + slot), zeros,
                                     pixels);
        for (Index c = 0; c < padded_out; c += kLanes) {
          float* to = gradients + (c / kWidth * block + slot) * kWidth + c % kWidth;
          // The last panel may have an empty half.
          transform_gradient<Scheme>(pixels, c < C_out ? c : 0, std::max<Index>(0, C_out - c), to,
                                     gradient_step);
        }
      }
    });
    parallel_for(kMatrices<Scheme> * panels, [&](Index unit) {
      const Index matrix = unit / panels, panel = unit % panels;
      for (int element = 0; element < kElements<Scheme>; ++element) {
        if (matrix_of<Scheme>(element) != matrix) continue;
        const float* gradient = gradients + element * gradient_step + panel * block * kWidth;
        for (Index c = 0; c < C_in; c += kRows) {
          multiply_columns<float>(std::min<Index>(kRows, C_in - c),
                                  patches + element * patch_step + c, padded_in, gradient, used,
                                  sums + (unit * C_in + c) * kWidth);
        }
      }
    });
  }

  parallel_for(panels * C_in, [&](Index unit) {
    const Index panel = unit / C_in, c = unit % C_in;
    for (Index half = 0; half < kWidth; half += kLanes) {
      constexpr int kSide = Scheme::kMatrices;
      Vectors<kSide * kSide> u;
      Vectors<3 * kSide> columns;
      for (int e = 0; e < kSide * kSide; ++e) {
        u[e] = V::load(sums + ((e * panels + panel) * C_in + c) * kWidth + half);
      }
      for (int col = 0; col < kSide; ++col) {
        Scheme::kernel_adjoint(u + col, kSide, columns + col, kSide);
      }
      const Index o = panel * kWidth + half, count = std::min(kLanes, C_out - o);
      for (int row = 0; row < 3 && count > 0; ++row) {
        Vectors<3> out;
        Scheme::kernel_adjoint(columns + row * kSide, 1, out, 1);
        for (int col = 0; col < 3; ++col) {
          store_channels(dweight.data + ((row * 3 + col) * C_in + c) * C_out + o, out[col], count);
        }
      }
    }
  });
}

// The tilings of the passes: how far the first patch and the first tile reach beyond the image.

template <class Scheme>
Tiling<Scheme> forward_tiling(const Padding& pad, const Shape& x, const Shape& y) {
  return {x, y, pad.top, pad.left, 0, 0};
}
/// Fine pixel h is number h + top of the scheme's; the first patch begins one coarse pixel early.
Tiling<winograd::Upscale> upscale_tiling(const Padding& pad, const Shape& dy, const Shape& dx) {
  return {dy, dx, 1, 1, pad.top, pad.left};
}

}  // namespace

bool winograd_pays(const Conv2dSpec& spec, const Shape& weight, const Shape& y) {
  constexpr Index kLeastChannels = 8, kLeastTiles = 16;
  if (weight[0] != 3 || weight[1] != 3 || spec.stride_h != spec.stride_w) return false;
  if (spec.stride_h > 2 || std::min(weight[2], weight[3]) < kLeastChannels) return false;
  // A transposed convolution may be padded by less than nothing.
  if (spec.stride_h == 2 && std::min(spec.pad.top, spec.pad.left) < 0) return false;
  static_assert(winograd::Stride1::kTile == winograd::Downscale::kTile);
  const Index elements =
      spec.stride_h == 1 ? kElements<winograd::Stride1> : kElements<winograd::Downscale>;
  const Index tiles = forward_tiling<winograd::Stride1>({}, y, y).count();
  return tiles >= kLeastTiles && elements * tiles * 3 <= 9 * (y[0] * y[1] * y[2]) * 2;
}

void winograd_forward(const Conv2dSpec& spec, In<float> x, In<float> weight,
                      const Epilogue<float>& epilogue, View<float> y, Workspace& workspace) {
  const auto run_as = [&]<class Scheme>(const Tiling<Scheme>& tiling) {
    run(tiling, x, weight, false, epilogue, y, workspace);
  };
  if (spec.stride_h == 1)
    return run_as(forward_tiling<winograd::Stride1>(spec.pad, x.shape, y.shape));
  run_as(forward_tiling<winograd::Downscale>(spec.pad, x.shape, y.shape));
}

void winograd_backward_data(const Conv2dSpec& spec, In<float> dy, In<float> weight,
                            const Epilogue<float>& epilogue, View<float> dx, Workspace& workspace) {
  const Padding& pad = spec.pad;
  if (spec.stride_h == 1) {
    const Padding turned{2 - pad.top, 2 - pad.left, 0, 0};
    return run(forward_tiling<winograd::Stride1>(turned, dy.shape, dx.shape), dy, weight, true,
               epilogue, dx, workspace);
  }
  run(upscale_tiling(pad, dy.shape, dx.shape), dy, weight, true, epilogue, dx, workspace);
}

void winograd_backward_weight(const Conv2dSpec& spec, In<float> x, In<float> dy,
                              View<float> dweight, Workspace& workspace) {
  if (spec.stride_h == 1) {
    return run_backward_weight(forward_tiling<winograd::Stride1>(spec.pad, x.shape, dy.shape), x,
                               dy, dweight, workspace);
  }
  run_backward_weight(forward_tiling<winograd::Downscale>(spec.pad, x.shape, dy.shape), x, dy,
                      dweight, workspace);
}

}  // namespace dmf::cpu
