#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "engine/kernels/conv2d/implicit_gemm/gather.cuh"
#include "engine/kernels/conv2d/implicit_gemm/products.h"
#include "engine/kernels/conv2d/implicit_gemm/weight_gradient.cuh"

// How the products of one arithmetic are launched. Each products_*.cu compiles it for one, beside
// the others.
//
// An arithmetic has Element, kTensorCores, and Product<kN>, the product of a block kN channels
// wide.

namespace dmf::cuda {

/// Blocks of 128 pixels on tensor cores; a slab is 128 bytes of k.
template <class E, int kN>
using TensorCoreBlock = TensorCoreProduct<E, Tile<128, kN, 128 / static_cast<int>(sizeof(E)), 128>>;
template <class E>
using PlainBlock = PlainProduct<E, Tile<128, 64, 128 / static_cast<int>(sizeof(E)), 256>>;

/// Calls body(P{}) with the product whose blocks fit `columns` best, P::Product being one of those
/// that the arithmetic has, none wider than `widest`.
template <class Product_>
struct Chosen {
  using Product = Product_;
};
template <class Arithmetic, int kWidest, class Body>
void with_product(Index columns, const Body& body) {
  using E = typename Arithmetic::Element;
  if constexpr (!Arithmetic::kTensorCores) {
    body(Chosen<PlainBlock<E>>());
  } else {
    if constexpr (kWidest >= 128) {
      using Wide = TensorCoreBlock<E, 128>;
      const std::size_t needed = std::max(gather_shared_bytes<Wide>(), weight_shared_bytes<Wide>());
      if (columns > 64 && needed <= properties().sharedMemPerBlockOptin) {
        return body(Chosen<Wide>());
      }
    }
    if constexpr (kWidest >= 64) {
      if (columns > 32) return body(Chosen<TensorCoreBlock<E, 64>>());
    }
    body(Chosen<TensorCoreBlock<E, 32>>());
  }
}

inline Index covered(Index count, Index by) {
  return (count + by - 1) / by;
}

/// Says how the kernel is to go over these phases, in to.phase, and packs their weights into
/// workspace memory.
template <class Arithmetic, class Sizes, class T, class E>
void prepare_phases(std::span<const GatherPhase> phases, In<T> weight, bool swapped,
                    GatherArguments<E>& to, Workspace& workspace) {
  const GatherProblem& problem = to.problem;
  PackArguments<E> how{};
  how.kernel_w = static_cast<int>(weight.size(1));
  how.channels = problem.source_c;
  how.columns = problem.target_c;
  how.width = covered(problem.target_c, Sizes::kN) * Sizes::kN;
  how.swapped = swapped;
  how.to_tf32 = Arithmetic::kTensorCores;
  Index most = 0;
  for (std::size_t k = 0; k < phases.size(); ++k) {
    const GatherAxis &h = phases[k].h, &w = phases[k].w;
    const Index slabs = covered(Index{h.taps} * w.taps * problem.source_c, Sizes::kK);
    const Index depth = slabs * Sizes::kK;
    E* packed = workspace.take<E>(depth * how.width);
    how.phase[k] = {h, w, depth, packed};
    to.phase[k] = {h,
                   w,
                   Divisor(w.size),
                   Divisor(h.size),
                   static_cast<unsigned>(Index{problem.images} * h.size * w.size),
                   static_cast<int>(slabs),
                   packed};
    most = std::max(most, depth * how.width);
  }
  dim3 grid = blocks_for(most);
  grid.y = static_cast<unsigned>(phases.size());
  launch({"conv2d_pack_weight", grid, kThreads}, pack_weight<E>, how, weight.data);
}

template <class Arithmetic, class T>
void gather_product(const Conv2dSpec& spec, bool data, In<T> source, In<T> weight,
                    InEpilogue<T> epilogue, View<T> target, Workspace& workspace) {
  using E = typename Arithmetic::Element;
  const auto whole = [](Index size) { return static_cast<int>(size); };
  GatherProblem problem;
  problem.images = whole(source.size(0));
  problem.source_h = whole(source.size(1));
  problem.source_w = whole(source.size(2));
  problem.source_c = source.size(3);
  problem.target_h = whole(target.size(1));
  problem.target_w = whole(target.size(2));
  problem.target_c = target.size(3);
  std::vector<GatherPhase> phases;
  if (data) {
    problem.target_step_h = spec.stride_h;
    problem.target_step_w = spec.stride_w;
    for (int h = 0; h < std::min<Index>(spec.stride_h, target.size(1)); ++h) {
      for (int w = 0; w < std::min<Index>(spec.stride_w, target.size(2)); ++w) {
        phases.push_back(data_phase(spec, weight.shape, target.shape, h, w));
      }
    }
  } else {
    problem.source_step_h = spec.stride_h;
    problem.source_step_w = spec.stride_w;
    phases.push_back(forward_phase(spec, weight.shape, target.shape));
  }
  check_count("conv2d", source.numel() / std::max<Index>(problem.source_c, 1));
  check_count("conv2d", target.numel() / std::max<Index>(problem.target_c, 1));

  GatherArguments<E> to{};
  to.problem = problem;
  to.source = elements<E>(source);
  to.target = elements<E>(target);
  to.scale = epilogue.scale.data;
  to.shift = epilogue.shift.data;
  to.relu = epilogue.relu;
  const auto run = [&]<class Product, int kV>(Chosen<Product>, std::integral_constant<int, kV>) {
    using S = typename Product::Sizes;
    for (std::size_t first = 0; first < phases.size(); first += kMostPhases) {
      const std::size_t count = std::min(phases.size() - first, std::size_t{kMostPhases});
      prepare_phases<Arithmetic, S, T>(std::span(phases).subspan(first, count), weight, data, to,
                                       workspace);
      unsigned most_pixels = 0;
      for (std::size_t k = 0; k < count; ++k) {
        most_pixels = std::max(most_pixels, to.phase[k].pixels);
      }
      const Index tiles_m = covered(most_pixels, S::kM), tiles_n = covered(problem.target_c, S::kN);
      const Index parts =
          phases.size() > 1 ? 1 : parts_of_sum(tiles_m * tiles_n, to.phase[0].slabs);
      to.parts = static_cast<int>(parts);
      if (parts > 1) to.partials = workspace.take<ComputeType<E>>(parts * target.numel());
      launch({data ? "conv2d_backward_data" : "conv2d_forward",
              dim3(static_cast<unsigned>(tiles_m), static_cast<unsigned>(tiles_n),
                   static_cast<unsigned>(parts > 1 ? parts : static_cast<Index>(count))),
              S::kThreads, gather_shared_bytes<Product>()},
             gather_kernel<Product, kV>, to);
      if (parts > 1) {
        launch({"conv2d_add_parts", blocks_for(target.numel()), kThreads}, add_parts<E>, to);
      }
    }
  };
  with_pack<E>(problem.source_c, [&](auto pack) {
    constexpr int kV = decltype(pack)::value;
    with_product<Arithmetic, (kV > 1 ? 128 : 64)>(problem.target_c,
                                                  [&](auto chosen) { run(chosen, pack); });
  });
}

template <class Arithmetic, class T>
void weight_product(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                    Workspace& workspace) {
  using E = typename Arithmetic::Element;
  check_count("conv2d_backward_weight", dy.numel() / std::max<Index>(dy.size(3), 1));
  check_count("conv2d_backward_weight", x.numel() / std::max<Index>(x.size(3), 1));
  WeightArguments<E> to{};
  to.x_h = static_cast<int>(x.size(1));
  to.x_w = static_cast<int>(x.size(2));
  to.c_in = static_cast<int>(x.size(3));
  to.c_out = dy.size(3);
  to.stride_h = spec.stride_h;
  to.stride_w = spec.stride_w;
  to.top = spec.pad.top;
  to.left = spec.pad.left;
  to.kernel_w = static_cast<int>(dweight.size(1));
  to.depth = dweight.size(0) * dweight.size(1) * x.size(3);
  to.columns = Divisor(dy.size(2));
  to.rows = Divisor(dy.size(1));
  to.pixels = static_cast<unsigned>(dy.size(0) * dy.size(1) * dy.size(2));
  to.x = elements<E>(x);
  to.dy = elements<E>(dy);
  const auto run = [&]<class Product, int kVX, int kVY>(Chosen<Product>,
                                                        std::integral_constant<int, kVX>,
                                                        std::integral_constant<int, kVY>) {
    using S = typename Product::Sizes;
    const Index tiles_m = covered(to.depth, S::kM), tiles_n = covered(to.c_out, S::kN);
    to.slabs = covered(to.pixels, S::kK);
    to.parts = parts_of_sum(tiles_m * tiles_n, to.slabs);
    to.partials = workspace.take<ComputeType<E>>(to.parts * to.depth * to.c_out);
    launch({"conv2d_backward_weight",
            dim3(static_cast<unsigned>(tiles_m), static_cast<unsigned>(tiles_n),
                 static_cast<unsigned>(to.parts)),
            S::kThreads, weight_shared_bytes<Product>()},
           weight_kernel<Product, kVX, kVY>, to);
    launch({"conv2d_add_parts", blocks_for(dweight.numel()), kThreads},
           add_weight_parts<ComputeType<E>>, dweight.numel(), to.parts,
           static_cast<const ComputeType<E>*>(to.partials), dweight.data);
  };
  with_pack<E>(x.size(3), [&](auto pack_x) {
    with_pack<E>(dy.size(3), [&](auto pack_y) {
      constexpr bool kX = decltype(pack_x)::value > 1, kY = decltype(pack_y)::value > 1;
      with_product<Arithmetic, (kX && kY ? 128
                                : kY     ? 64
                                         : 32)>(to.c_out,
                                            [&](auto chosen) { run(chosen, pack_x, pack_y); });
    });
  });
}

/// Makes both products of one arithmetic for tensors of T.
#define DMF_INSTANTIATE_PRODUCTS(Arithmetic, T)                                      \
  template void gather_product<Arithmetic, T>(const Conv2dSpec&, bool, In<T>, In<T>, \
                                              InEpilogue<T>, View<T>, Workspace&);   \
  template void weight_product<Arithmetic, T>(const Conv2dSpec&, In<T>, In<T>, View<T>, Workspace&);

}  // namespace dmf::cuda
