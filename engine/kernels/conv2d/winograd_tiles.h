#pragma once

#include <algorithm>
#include <cstring>

#include "engine/core/parallel.h"
#include "engine/kernels/conv2d/register_block.h"
#include "engine/kernels/conv2d/winograd_transforms.h"

// What the passes of winograd.cpp and the weight gradient of winograd_weights.cpp have in common:
// how an image is cut into tiles, and how a tile's patch is read and transformed.

namespace dmf::cpu::winograd {

using V = Simd<float>;

template <int kCount>
using Vectors = Vector[static_cast<std::size_t>(kCount)];

inline constexpr Index kLanes = V::kLanes;
inline constexpr Index kWidth = kPanel<float>;

template <class Scheme>
inline constexpr int kElements = Scheme::kElements* Scheme::kElements;
template <class Scheme>
inline constexpr int kMatrices = Scheme::kMatrices* Scheme::kMatrices;

/// Which of the two-dimensional kernels an element, counted row by row, multiplies.
template <class Scheme>
constexpr int matrix_of(int element) {
  return Scheme::matrix_of(element / Scheme::kElements) * Scheme::kMatrices +
         Scheme::matrix_of(element % Scheme::kElements);
}

inline Index round_up(Index n, Index unit) {
  return chunk_count(n, unit) * unit;
}

/// The distance between two elements of a transformed tile, `size` floats and a cache line. Channel
/// counts are powers of two mostly; without the line all elements of a tile would fall into the
/// same few sets of the caches and evict each other.
inline Index spaced(Index size) {
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
inline Vector load_channels(const float* from, Index count) {
  if (count >= kLanes) return V::load(from);
  Vector v{};
  std::memcpy(&v, from, static_cast<std::size_t>(count) * sizeof(float));
  return v;
}

/// The first `count` channels of a vector.
inline void store_channels(float* to, Vector v, Index count) {
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

// The tilings of the passes: how far the first patch and the first tile reach beyond the image.

template <class Scheme>
Tiling<Scheme> forward_tiling(const Padding& pad, const Shape& x, const Shape& y) {
  return {x, y, pad.top, pad.left, 0, 0};
}
/// Fine pixel h is number h + top of the scheme's; the first patch begins one coarse pixel early.
inline Tiling<Upscale> upscale_tiling(const Padding& pad, const Shape& dy, const Shape& dx) {
  return {dy, dx, 1, 1, pad.top, pad.left};
}

}  // namespace dmf::cpu::winograd
