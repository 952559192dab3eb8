#pragma once

#include "engine/kernels/conv2d/implicit_gemm/arithmetic.cuh"
#include "engine/kernels/conv2d/implicit_gemm/problem.h"

// The kernel of the weight gradient (problem.h): blocks of kM values of k = (tap, c) by kN output
// channels, over one part of all pixels.

namespace dmf::cuda {

template <class E>
struct WeightArguments {
  int x_h, x_w, c_in;
  Index c_out;
  int stride_h, stride_w, top, left, kernel_w;
  Index depth;            // taps * C_in
  Divisor columns, rows;  // pixels of dy -> (image, row, column)
  unsigned pixels;
  Index slabs, parts;
  const E *x, *dy;
  ComputeType<E>* partials;  // [parts, taps * C_in, C_out]
};

constexpr int kWeightStages = 3;

template <class Product>
constexpr std::size_t weight_shared_bytes() {
  using S = typename Product::Sizes;
  return static_cast<std::size_t>(kWeightStages) * S::kK *
         (S::kM + S::kN + 2 * Product::kPadAcross) * sizeof(typename Product::Element);
}

/// kVX, kVY  elements of a channel row of x and of dy that one copy moves: 16 bytes' worth, or 1
template <class Product, int kVX, int kVY>
__global__ void __launch_bounds__(Product::Sizes::kThreads, Product::kBlocks)
    weight_kernel(const __grid_constant__ WeightArguments<typename Product::Element> to) {
  using E = typename Product::Element;
  using S = typename Product::Sizes;
  constexpr int kRowA = S::kM + Product::kPadAcross, kRowB = S::kN + Product::kPadAcross;
  const int thread = static_cast<int>(threadIdx.x);
  const Index first_m = static_cast<Index>(blockIdx.x) * S::kM;
  const Index first_n = static_cast<Index>(blockIdx.y) * S::kN;
  const Index first_slab = to.slabs * blockIdx.z / to.parts;
  const Index end_slab = to.slabs * (blockIdx.z + 1) / to.parts;
  E* tiles_a = dynamic_shared<E>();
  E* tiles_b = tiles_a + kWeightStages * S::kK * kRowA;
  Index copied = first_slab;

  // What this thread copies of every row of a slab: of x one chunk of k, which is to say of one
  // tap's channels, and of dy one chunk of output channels.
  constexpr int kChunksX = S::kM / kVX, kChunksY = S::kN / kVY;
  constexpr int kRowsX = S::kThreads / kChunksX, kRowsY = S::kThreads / kChunksY;
  static_assert(S::kK % kRowsX == 0 && S::kK % kRowsY == 0);
  // All packs at once; of single elements there would be more than registers.
  [[maybe_unused]] constexpr int kUnrollX = kVX > 1 ? S::kK / kRowsX : 4,
                                 kUnrollY = kVY > 1 ? S::kK / kRowsY : 4;
  const int m = thread % kChunksX * kVX, n = thread % kChunksY * kVY;
  const auto k = static_cast<int>(first_m) + m;
  const int tap = k / to.c_in, channel = k - tap * to.c_in;
  const int tap_h = tap / to.kernel_w - to.top, tap_w = tap % to.kernel_w - to.left;
  const bool inside_k = k < to.depth, inside_n = first_n + n < to.c_out;

  const auto copy = [](E* there, const E* from, bool inside, auto pack) {
    if constexpr (sizeof(E) * decltype(pack)::value >= 4) {
      copy_async<static_cast<int>(sizeof(E)) * decltype(pack)::value>(there, from, inside);
    } else {
      *there = inside ? *from : store<E>(0);
    }
  };

  const auto copy_slab = [&](int stage) {
    E* a = tiles_a + stage * S::kK * kRowA;
    E* b = tiles_b + stage * S::kK * kRowB;
    const auto first_pixel = static_cast<unsigned>(copied * S::kK);
#pragma unroll kUnrollX
    for (int i = 0; i < S::kK / kRowsX; ++i) {
      const int row = thread / kChunksX + i * kRowsX;
      const unsigned pixel = first_pixel + static_cast<unsigned>(row);
      const unsigned line = to.columns.divide(pixel), image = to.rows.divide(line);
      const int h = static_cast<int>(line - image * to.rows.value) * to.stride_h + tap_h;
      const int w = static_cast<int>(pixel - line * to.columns.value) * to.stride_w + tap_w;
      const bool inside =
          inside_k && pixel < to.pixels && h >= 0 && h < to.x_h && w >= 0 && w < to.x_w;
      copy(a + row * kRowA + m,
           to.x + (inside ? ((Index{image} * to.x_h + h) * to.x_w + w) * to.c_in + channel : 0),
           inside, std::integral_constant<int, kVX>());
    }
#pragma unroll kUnrollY
    for (int i = 0; i < S::kK / kRowsY; ++i) {
      const int row = thread / kChunksY + i * kRowsY;
      const unsigned pixel = first_pixel + static_cast<unsigned>(row);
      const bool inside = inside_n && pixel < to.pixels;
      copy(b + row * kRowB + n, to.dy + (inside ? Index{pixel} * to.c_out + first_n + n : 0),
           inside, std::integral_constant<int, kVY>());
    }
    ++copied;
  };

#pragma unroll
  for (int stage = 0; stage < kWeightStages - 1; ++stage) {
    if (copied < end_slab) copy_slab(stage);
    commit_copies();
  }
  Product product;
  int stage = 0;
  for (Index slab = first_slab; slab < end_slab; ++slab) {
    wait_copies<kWeightStages - 2>();
    __syncthreads();
    if (copied < end_slab) copy_slab(stage == 0 ? kWeightStages - 1 : stage - 1);
    commit_copies();
    product.add_across(tiles_a + stage * S::kK * kRowA, tiles_b + stage * S::kK * kRowB);
    stage = stage == kWeightStages - 1 ? 0 : stage + 1;
  }

  auto* partial = to.partials + blockIdx.z * to.depth * to.c_out;
  product.for_each_pair([&](int row, int column, auto first, auto second) {
    const Index at = first_m + row, o = first_n + column;
    if (at >= to.depth || o >= to.c_out) return;
    partial[at * to.c_out + o] = first;
    if (o + 1 < to.c_out) partial[at * to.c_out + o + 1] = second;
  });
}

template <class T>
__global__ void add_weight_parts(Index count, Index parts, const T* partials, T* dweight) {
  const Index i = global_thread();
  if (i >= count) return;
  T sum = partials[i];
  for (Index part = 1; part < parts; ++part) sum += partials[part * count + i];
  dweight[i] = sum;
}

}  // namespace dmf::cuda
