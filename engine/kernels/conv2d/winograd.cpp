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

constexpr Index kTile = 4, kPatch = 6, kElements = 36;
constexpr Index kLanes = V::kLanes;
constexpr Index kWidth = kPanel<float>;

Index round_up(Index n, Index unit) {
  return chunk_count(n, unit) * unit;
}

/// Tiles of a batch of images, counted image by image, row by row.
struct Tiling {
  Index images, height, width;  // of what is cut into tiles
  Index rows, cols;             // tiles of an image

  explicit Tiling(const Shape& y)
      : images(y[0]),
        height(y[1]),
        width(y[2]),
        rows(chunk_count(height, kTile)),
        cols(chunk_count(width, kTile)) {}
  Index count() const { return images * rows * cols; }
};

/// Where the pixels of a tile's patch lie: image, and its top left corner (maybe outside).
struct Corner {
  Index image, row, col;
};

Corner corner_of(const Tiling& tiling, Index tile) {
  const Index in_image = tile % (tiling.rows * tiling.cols);
  return {tile / (tiling.rows * tiling.cols), in_image / tiling.cols * kTile,
          in_image % tiling.cols * kTile};
}

/// Addresses of kSide x kSide pixels from a corner; those outside the image point at zeros.
template <Index kSide>
void gather_pixels(const float* image_data, const Shape& shape, const Corner& corner,
                   const float* zeros, const float** pixels) {
  const Index H = shape[1], W = shape[2], C = shape[3];
  for (Index r = 0; r < kSide; ++r) {
    for (Index c = 0; c < kSide; ++c) {
      const Index h = corner.row + r, w = corner.col + c;
      const bool inside = h >= 0 && h < H && w >= 0 && w < W;
      pixels[r * kSide + c] = inside ? image_data + ((corner.image * H + h) * W + w) * C : zeros;
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

/// B^T d B of one tile: to[element * element_step + channel], channels padded to whole vectors.
void transform_patch(const float* const* pixels, Index C, float* to, Index element_step) {
  for (Index c = 0; c < C; c += kLanes) {
    Vector d[kElements], columns[kElements];
    for (Index i = 0; i < kElements; ++i) d[i] = load_channels(pixels[i] + c, C - c);
    for (int col = 0; col < kPatch; ++col) {
      winograd::input_transform(d + col, kPatch, columns + col, kPatch);
    }
    for (int row = 0; row < kPatch; ++row) {
      Vector out[kPatch];
      winograd::input_transform(columns + row * kPatch, 1, out, 1);
      for (int col = 0; col < kPatch; ++col) {
        V::store(to + (row * kPatch + col) * element_step + c, out[col]);
      }
    }
  }
}

/// A dy A^T of one tile and one vector of channels: to[element * element_step].
void transform_gradient(const float* const* pixels, Index c, Index count, float* to,
                        Index element_step) {
  Vector d[kTile * kTile], columns[kPatch * kTile];
  for (Index i = 0; i < kTile * kTile; ++i) d[i] = load_channels(pixels[i] + c, count);
  for (int col = 0; col < kTile; ++col) {
    winograd::output_adjoint(d + col, kTile, columns + col, kTile);
  }
  for (int row = 0; row < kPatch; ++row) {
    Vector out[kPatch];
    winograd::output_adjoint(columns + row * kTile, 1, out, 1);
    for (int col = 0; col < kPatch; ++col) {
      V::store(to + (row * kPatch + col) * element_step, out[col]);
    }
  }
}

/// A^T m A + bias of one tile and one vector of channels, written where it lies inside the image.
void store_tile(const float* products, Index element_step, const float* bias, const Tiling& tiling,
                const Corner& corner, Index channel, Index C, float* y) {
  Vector m[kElements], columns[kTile * kPatch];
  for (Index i = 0; i < kElements; ++i) m[i] = V::load(products + i * element_step);
  for (int col = 0; col < kPatch; ++col) {
    winograd::output_transform(m + col, kPatch, columns + col, kPatch);
  }
  const Vector shift = V::load(bias);
  const Index count = std::min(kLanes, C - channel);
  const Index rows = std::min(kTile, tiling.height - corner.row);
  const Index cols = std::min(kTile, tiling.width - corner.col);
  for (Index row = 0; row < rows; ++row) {
    Vector out[kTile];
    winograd::output_transform(columns + row * kPatch, 1, out, 1);
    for (Index col = 0; col < cols; ++col) {
      const Vector value = out[col] + shift;
      float* to =
          y +
          (((corner.image * tiling.height + corner.row + row) * tiling.width + corner.col + col) *
               C +
           channel);
      std::memcpy(to, &value, static_cast<std::size_t>(count) * sizeof(float));
    }
  }
}

/// G w G^T of all kernels, [panel][element][depth][kWidth]. `turned`: the kernel rotated by 180
/// degrees with its channel axes exchanged, for the data gradient.
float* transform_weights(In<float> weight, bool turned, Index depth, Index channels,
                         Workspace& workspace) {
  const Index panels = chunk_count(channels, kWidth);
  float* transformed = workspace.take<float>(panels * kElements * depth * kWidth);
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
      Vector g[9], columns[18];
      for (int tap = 0; tap < 9; ++tap) g[tap] = V::load(kernel + tap * kWidth + half);
      for (int col = 0; col < 3; ++col) winograd::weight_transform(g + col, 3, columns + col, 3);
      for (int row = 0; row < kPatch; ++row) {
        Vector out[kPatch];
        winograd::weight_transform(columns + row * 3, 1, out, 1);
        for (int col = 0; col < kPatch; ++col) {
          const Index element = row * kPatch + col;
          V::store(transformed + ((panel * kElements + element) * depth + k) * kWidth + half,
                   out[col]);
        }
      }
    }
  });
  return transformed;
}

/// The forward pass over x with transformed kernels; the data gradient is one too.
void run_forward(Index top, Index left, In<float> x, const float* weights, In<float> bias,
                 View<float> y, Workspace& workspace) {
  const Index depth = x.size(3), channels = y.size(3);
  const Index padded_depth = round_up(depth, kLanes), panels = chunk_count(channels, kWidth);
  const Tiling tiling(y.shape);
  const Index fitting = (Index{1} << 16) / (kElements * padded_depth);  // 256 kB
  const Index block =
      round_up(std::clamp<Index>(fitting, padded_depth >= 256 ? 24 : 12, 48), kRows);

  float* zeros = workspace.take<float>(padded_depth);
  std::fill_n(zeros, padded_depth, 0.0f);
  float* padded_bias = workspace.take<float>(panels * kWidth);
  std::fill_n(padded_bias, panels * kWidth, 0.0f);
  if (bias) std::copy_n(bias.data, channels, padded_bias);
  const Index patches_size = kElements * block * padded_depth;
  const Index products_size = kElements * block * kWidth;
  float* scratch = workspace.take<float>((patches_size + products_size) * num_threads());

  parallel_for(chunk_count(tiling.count(), block), [&](Index unit, int thread) {
    const ChunkRange tiles = chunk_range(tiling.count(), block, unit);
    const Index used = tiles.end - tiles.begin;
    float* patches = scratch + (patches_size + products_size) * thread;  // [element][tile][depth]
    float* products = patches + patches_size;                            // [element][tile][kWidth]
    for (Index slot = 0; slot < round_up(used, kRows); ++slot) {
      const float* pixels[kElements];
      if (slot < used) {
        const Corner corner = corner_of(tiling, tiles.begin + slot);
        gather_pixels<kPatch>(x.data, x.shape, {corner.image, corner.row - top, corner.col - left},
                              zeros, pixels);
      } else {  // fills the last register block
        std::fill_n(pixels, kElements, zeros);
      }
      transform_patch(pixels, depth, patches + slot * padded_depth, block * padded_depth);
    }
    for (Index panel = 0; panel < panels; ++panel) {
      for (Index element = 0; element < kElements; ++element) {
        const float* matrix = weights + (panel * kElements + element) * depth * kWidth;
        for (Index slot = 0; slot < used; slot += kRows) {
          const float* rows[kRows];
          for (Index r = 0; r < kRows; ++r) {
            rows[r] = patches + (element * block + slot + r) * padded_depth;
          }
          multiply_rows<float>(rows, depth, matrix, products + (element * block + slot) * kWidth);
        }
      }
      for (Index slot = 0; slot < used; ++slot) {
        const Corner corner = corner_of(tiling, tiles.begin + slot);
        for (Index c = panel * kWidth; c < std::min((panel + 1) * kWidth, channels); c += kLanes) {
          store_tile(products + slot * kWidth + c % kWidth, block * kWidth, padded_bias + c, tiling,
                     corner, c, channels, y.data);
        }
      }
    }
  });
}

}  // namespace

bool winograd_pays(const Conv2dSpec& spec, const Shape& weight, const Shape& y_shape) {
  constexpr Index kLeastChannels = 8, kLeastTiles = 48;
  if (weight[0] != 3 || weight[1] != 3 || spec.stride_h != 1 || spec.stride_w != 1) return false;
  if (std::min(weight[2], weight[3]) < kLeastChannels) return false;
  const Tiling tiling(y_shape);
  const Index pixels = y_shape[0] * y_shape[1] * y_shape[2];
  return tiling.count() >= kLeastTiles && kElements * tiling.count() * 3 <= 9 * pixels * 2;
}

void winograd_forward(const Padding& pad, In<float> x, In<float> weight, In<float> bias,
                      View<float> y, Workspace& workspace) {
  const float* weights = transform_weights(weight, false, x.size(3), y.size(3), workspace);
  run_forward(pad.top, pad.left, x, weights, bias, y, workspace);
}

void winograd_backward_data(const Padding& pad, In<float> dy, In<float> weight, In<float> bias,
                            View<float> dx, Workspace& workspace) {
  const float* weights = transform_weights(weight, true, dy.size(3), dx.size(3), workspace);
  run_forward(2 - pad.top, 2 - pad.left, dy, weights, bias, dx, workspace);
}

void winograd_backward_weight(const Padding& pad, In<float> x, In<float> dy, View<float> dweight,
                              Workspace& workspace) {
  const Index C_in = x.size(3), C_out = dy.size(3), panels = chunk_count(C_out, kWidth);
  const Index padded_in = round_up(C_in, kLanes), padded_out = panels * kWidth;
  const Tiling tiling(dy.shape);
  const Index fitting = (Index{1} << 21) / (kElements * (padded_in + padded_out));  // 8 MB
  const Index block = std::min(std::clamp<Index>(fitting, 64, 1024), tiling.count());

  float* zeros = workspace.take<float>(std::max(padded_in, padded_out));
  std::fill_n(zeros, std::max(padded_in, padded_out), 0.0f);
  float* patches = workspace.take<float>(kElements * block * padded_in);  // [element][tile][C_in]
  float* gradients =
      workspace.take<float>(kElements * block * padded_out);           // [element][panel][tile]
  float* sums = workspace.take<float>(kElements * padded_out * C_in);  // [element][panel][C_in]
  parallel_chunks(kElements * padded_out * C_in, 1 << 16,
                  [&](Index begin, Index end) { std::fill(sums + begin, sums + end, 0.0f); });

  for (Index first = 0; first < tiling.count(); first += block) {
    const Index used = std::min(block, tiling.count() - first);
    parallel_chunks(used, 8, [&](Index begin, Index end) {
      for (Index slot = begin; slot < end; ++slot) {
        const Corner corner = corner_of(tiling, first + slot);
        const float* pixels[kElements];
        gather_pixels<kPatch>(x.data, x.shape,
                              {corner.image, corner.row - pad.top, corner.col - pad.left}, zeros,
                              pixels);
        transform_patch(pixels, C_in, patches + slot * padded_in, block * padded_in);
        gather_pixels<kTile>(dy.data, dy.shape, corner, zeros, pixels);
        for (Index c = 0; c < padded_out; c += kLanes) {
          float* to = gradients + (c / kWidth * block + slot) * kWidth + c % kWidth;
          if (c < C_out) {
            transform_gradient(pixels, c, C_out - c, to, panels * block * kWidth);
          } else {  // the last panel's empty half
            for (Index e = 0; e < kElements; ++e)
              V::store(to + e * panels * block * kWidth, Vector{});
          }
        }
      }
    });
    parallel_for(kElements * panels, [&](Index unit) {
      const Index element = unit / panels;
      for (Index c = 0; c < C_in; c += kRows) {
        multiply_columns<float>(
            std::min<Index>(kRows, C_in - c), patches + element * block * padded_in + c, padded_in,
            gradients + unit * block * kWidth, used, sums + (unit * C_in + c) * kWidth);
      }
    });
  }

  parallel_for(panels * C_in, [&](Index unit) {
    const Index panel = unit / C_in, c = unit % C_in;
    for (Index half = 0; half < kWidth; half += kLanes) {
      Vector u[kElements], columns[18];
      for (Index e = 0; e < kElements; ++e) {
        u[e] = V::load(sums + ((e * panels + panel) * C_in + c) * kWidth + half);
      }
      for (int col = 0; col < kPatch; ++col) {
        winograd::weight_adjoint(u + col, kPatch, columns + col, kPatch);
      }
      const Index o = panel * kWidth + half, count = std::min(kLanes, C_out - o);
      for (int row = 0; row < 3 && count > 0; ++row) {
        Vector out[3];
        winograd::weight_adjoint(columns + row * kPatch, 1, out, 1);
        for (int col = 0; col < 3; ++col) {
          std::memcpy(dweight.data + ((row * 3 + col) * C_in + c) * C_out + o, &out[col],
                      static_cast<std::size_t>(count) * sizeof(float));
        }
      }
    }
  });
}

}  // namespace dmf::cpu
