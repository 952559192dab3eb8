#include "engine/cuda/elements.cuh"
#include "engine/kernels/pool2d/pool2d.h"

namespace dmf {
namespace {

using namespace cuda;

/// Sizes and divisors of a pooling: H, W of x, OH, OW of y, groups of V channels.
struct Plan {
  Pool2dSpec spec;
  int H, W, OH, OW;
  Index C;
  Divisor groups, across, down;  // by C / V, by the width and by the height of what threads go over
};

template <class E, int V>
__global__ void forward_kernel(Plan plan, unsigned count, const E* x, E* y, std::uint8_t* winners) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const unsigned pixel = plan.groups.divide(static_cast<unsigned>(thread));
  const Index channel = (static_cast<Index>(thread) - Index{pixel} * plan.groups.value) * V;
  const unsigned line = plan.across.divide(pixel);
  const int j = static_cast<int>(pixel - line * plan.across.value);
  const unsigned n = plan.down.divide(line);
  const int i = static_cast<int>(line - n * plan.down.value);
  Pack<E, V> best{};
  Pack<std::uint8_t, V> places{};
  bool any = false;
  for (int a = 0; a < plan.spec.kernel_h; ++a) {
    for (int b = 0; b < plan.spec.kernel_w; ++b) {
      const int h = i * plan.spec.stride_h - plan.spec.pad.top + a;
      const int w = j * plan.spec.stride_w - plan.spec.pad.left + b;
      if (h < 0 || h >= plan.H || w < 0 || w >= plan.W) continue;
      const auto values = *reinterpret_cast<const Pack<E, V>*>(
          x + ((Index{n} * plan.H + h) * plan.W + w) * plan.C + channel);
      for (int v = 0; v < V; ++v) {
        if (any && !(load(values.at[v]) > load(best.at[v]))) continue;
        best.at[v] = values.at[v];
        places.at[v] = static_cast<std::uint8_t>(a * plan.spec.kernel_w + b);
      }
      any = true;
    }
  }
  const Index at = Index{pixel} * plan.C + channel;
  *reinterpret_cast<Pack<E, V>*>(y + at) = best;
  if (winners != nullptr) *reinterpret_cast<Pack<std::uint8_t, V>*>(winners + at) = places;
}

/// Every pixel of x asks the windows that it lies in, so that no two threads write to one place.
template <class E, int V>
__global__ void backward_kernel(Plan plan, unsigned count, const std::uint8_t* winners, const E* dy,
                                E* dx) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const unsigned pixel = plan.groups.divide(static_cast<unsigned>(thread));
  const Index channel = (static_cast<Index>(thread) - Index{pixel} * plan.groups.value) * V;
  const unsigned line = plan.across.divide(pixel);
  const int w = static_cast<int>(pixel - line * plan.across.value) + plan.spec.pad.left;
  const unsigned n = plan.down.divide(line);
  const int h = static_cast<int>(line - n * plan.down.value) + plan.spec.pad.top;
  const auto first = [](int at, int kernel, int stride) {
    return at < kernel ? 0 : (at - kernel) / stride + 1;
  };
  ComputeType<E> sum[V] = {};
  for (int i = first(h, plan.spec.kernel_h, plan.spec.stride_h);
       i < plan.OH && i * plan.spec.stride_h <= h; ++i) {
    for (int j = first(w, plan.spec.kernel_w, plan.spec.stride_w);
         j < plan.OW && j * plan.spec.stride_w <= w; ++j) {
      const int place =
          (h - i * plan.spec.stride_h) * plan.spec.kernel_w + (w - j * plan.spec.stride_w);
      const Index at = ((Index{n} * plan.OH + i) * plan.OW + j) * plan.C + channel;
      const auto won = *reinterpret_cast<const Pack<std::uint8_t, V>*>(winners + at);
      const auto gradient = *reinterpret_cast<const Pack<E, V>*>(dy + at);
      for (int v = 0; v < V; ++v) sum[v] += won.at[v] == place ? load(gradient.at[v]) : 0;
    }
  }
  Pack<E, V> out;
  for (int v = 0; v < V; ++v) out.at[v] = store<E>(sum[v]);
  *reinterpret_cast<Pack<E, V>*>(dx + Index{pixel} * plan.C + channel) = out;
}

/// Threads go over `grid`, which is x or y.
Plan plan_of(const Pool2dSpec& spec, const Shape& x, const Shape& y, const Shape& grid, int V) {
  return {spec,
          static_cast<int>(x[1]),
          static_cast<int>(x[2]),
          static_cast<int>(y[1]),
          static_cast<int>(y[2]),
          x[3],
          Divisor(x[3] / V),
          Divisor(grid[2]),
          Divisor(grid[1])};
}

template <class T>
class CudaPool2d final : public Pool2dKernels<T> {
 public:
  void forward(const Pool2dSpec& spec, In<T> x, View<T> y,
               View<std::uint8_t> winners) const override {
    check_count("max_pool2d", y.numel());
    with_element<T>(x.storage, [&]<class E>(E) {
      with_pack<E>(x.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = y.numel() / V;
        launch({"max_pool2d_forward", blocks_for(count), kThreads}, forward_kernel<E, V>,
               plan_of(spec, x.shape, y.shape, y.shape, V), static_cast<unsigned>(count),
               elements<E>(x), elements<E>(y), winners.data);
      });
    });
  }

  void backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                View<T> dx) const override {
    check_count("max_pool2d", dx.numel());
    with_element<T>(dx.storage, [&]<class E>(E) {
      with_pack<E>(dx.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = dx.numel() / V;
        launch({"max_pool2d_backward", blocks_for(count), kThreads}, backward_kernel<E, V>,
               plan_of(spec, dx.shape, dy.shape, dx.shape, V), static_cast<unsigned>(count),
               winners.data, elements<E>(dy), elements<E>(dx));
      });
    });
  }
};

}  // namespace

template <class T>
const Pool2dKernels<T>& Pool2dKernels<T>::cuda() {
  static const CudaPool2d<T> kernels{};
  return kernels;
}
template const Pool2dKernels<float>& Pool2dKernels<float>::cuda();
template const Pool2dKernels<double>& Pool2dKernels<double>::cuda();

}  // namespace dmf
