#include "engine/cuda/channel_sums.cuh"
#include "engine/cuda/elements.cuh"
#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"

namespace dmf {
namespace {

using namespace cuda;

/// Sizes and divisors of a convolution: H, W of x, OH, OW of y; `across` and `down` divide by the
/// width and height of what threads go over.
struct Plan {
  Conv2dSpec spec;
  int H, W, OH, OW, KH, KW;
  Index C;
  Divisor groups, across, down;

  Plan(const Conv2dSpec& conv, const Shape& x, const Shape& weight, const Shape& y,
       const Shape& grid, int V)
      : spec(conv),
        H(static_cast<int>(x[1])),
        W(static_cast<int>(x[2])),
        OH(static_cast<int>(y[1])),
        OW(static_cast<int>(y[2])),
        KH(static_cast<int>(weight[0])),
        KW(static_cast<int>(weight[1])),
        C(x[3]),
        groups(x[3] / V),
        across(grid[2]),
        down(grid[1]) {}
};

/// Where a thread is: an image, a row, a column, and V channels.
struct Place {
  unsigned pixel, n;
  int row, column;
  Index channel;

  __device__ Place(const Plan& plan, Index thread, int V)
      : pixel(plan.groups.divide(static_cast<unsigned>(thread))),
        channel((thread - Index{pixel} * plan.groups.value) * V) {
    const unsigned line = plan.across.divide(pixel);
    column = static_cast<int>(pixel - line * plan.across.value);
    n = plan.down.divide(line);
    row = static_cast<int>(line - n * plan.down.value);
  }
};

template <class E, int V>
__device__ void add_products(const E* x, const ComputeType<E>* weight, ComputeType<E> (&sums)[V]) {
  const auto values = *reinterpret_cast<const Pack<E, V>*>(x);
  for (int v = 0; v < V; ++v) sums[v] += load(values.at[v]) * weight[v];
}

template <class E, int V>
__device__ void store_sums(const ComputeType<E> (&sums)[V], E* to) {
  Pack<E, V> out;
  for (int v = 0; v < V; ++v) out.at[v] = store<E>(sums[v]);
  *reinterpret_cast<Pack<E, V>*>(to) = out;
}

template <class E, int V>
__global__ void forward_kernel(Plan plan, Index count, const E* x, const ComputeType<E>* weight,
                               const ComputeType<E>* bias, E* y) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const Place at(plan, thread, V);
  ComputeType<E> sums[V];
  for (int v = 0; v < V; ++v) {
    sums[v] = bias == nullptr ? ComputeType<E>{0} : bias[at.channel + v];
  }
  for (int a = 0; a < plan.KH; ++a) {
    const int h = at.row * plan.spec.stride_h - plan.spec.pad.top + a;
    if (h < 0 || h >= plan.H) continue;
    for (int b = 0; b < plan.KW; ++b) {
      const int w = at.column * plan.spec.stride_w - plan.spec.pad.left + b;
      if (w < 0 || w >= plan.W) continue;
      add_products<E, V>(x + ((Index{at.n} * plan.H + h) * plan.W + w) * plan.C + at.channel,
                         weight + (a * plan.KW + b) * plan.C + at.channel, sums);
    }
  }
  store_sums<E, V>(sums, y + Index{at.pixel} * plan.C + at.channel);
}

/// Every pixel of x asks the windows that it lies in, so that no two threads write to one place.
template <class E, int V>
__global__ void backward_data_kernel(Plan plan, Index count, const E* dy,
                                     const ComputeType<E>* weight, E* dx) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const Place at(plan, thread, V);
  const int h = at.row + plan.spec.pad.top, w = at.column + plan.spec.pad.left;
  ComputeType<E> sums[V] = {};
  for (int a = h % plan.spec.stride_h; a < plan.KH && a <= h; a += plan.spec.stride_h) {
    const int i = (h - a) / plan.spec.stride_h;
    if (i >= plan.OH) continue;
    for (int b = w % plan.spec.stride_w; b < plan.KW && b <= w; b += plan.spec.stride_w) {
      const int j = (w - b) / plan.spec.stride_w;
      if (j >= plan.OW) continue;
      add_products<E, V>(dy + ((Index{at.n} * plan.OH + i) * plan.OW + j) * plan.C + at.channel,
                         weight + (a * plan.KW + b) * plan.C + at.channel, sums);
    }
  }
  store_sums<E, V>(sums, dx + Index{at.pixel} * plan.C + at.channel);
}

/// The products of dy and the pixels of x under one place of the kernel, which is the plane.
template <class E>
struct Products {
  using Element = E;
  static constexpr int kTerms = 1;
  const E *x, *dy;
  Plan plan;  // of one channel a group, over dy

  template <int V>
  struct Columns {
    const Products& term;
    Index channel;
    int a, b;

    __device__ Columns(const Products& products, Index first)
        : term(products),
          channel(first),
          a(static_cast<int>(blockIdx.z) / products.plan.KW),
          b(static_cast<int>(blockIdx.z) % products.plan.KW) {}
    __device__ void add(Index at, ComputeType<E> (&sums)[1][V]) const {
      const Plan& plan = term.plan;
      const auto pixel = static_cast<unsigned>((at - channel) / plan.C);
      const unsigned line = plan.across.divide(pixel);
      const unsigned n = plan.down.divide(line);
      const int h =
          static_cast<int>(line - n * plan.down.value) * plan.spec.stride_h - plan.spec.pad.top + a;
      const int w = static_cast<int>(pixel - line * plan.across.value) * plan.spec.stride_w -
                    plan.spec.pad.left + b;
      if (h < 0 || h >= plan.H || w < 0 || w >= plan.W) return;
      const auto xs = *reinterpret_cast<const Pack<E, V>*>(
          term.x + ((Index{n} * plan.H + h) * plan.W + w) * plan.C + channel);
      const auto dys = *reinterpret_cast<const Pack<E, V>*>(term.dy + at);
      for (int v = 0; v < V; ++v) sums[0][v] += load(xs.at[v]) * load(dys.at[v]);
    }
  };
};

template <class T>
struct StoreTotal {
  T* y;

  __device__ void operator()(Index at, const double (&totals)[1]) const {
    y[at] = static_cast<T>(totals[0]);
  }
};

template <class T>
class CudaDepthwiseConv2d final : public DepthwiseConv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, In<T> bias, View<T> y,
               Workspace&) const override {
    check_count("depthwise_conv2d", y.numel());
    with_element<T>(x.storage, [&]<class E>(E) {
      with_pack<E>(x.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = y.numel() / V;
        launch({"depthwise_conv2d_forward", blocks_for(count), kThreads}, forward_kernel<E, V>,
               Plan(spec, x.shape, weight.shape, y.shape, y.shape, V), count, elements<E>(x),
               weight.data, bias.data, elements<E>(y));
      });
    });
  }

  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, View<T> dx,
                     Workspace&) const override {
    check_count("depthwise_conv2d", dx.numel());
    with_element<T>(dx.storage, [&]<class E>(E) {
      with_pack<E>(dx.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = dx.numel() / V;
        launch({"depthwise_conv2d_backward_data", blocks_for(count), kThreads},
               backward_data_kernel<E, V>,
               Plan(spec, dx.shape, weight.shape, dy.shape, dx.shape, V), count, elements<E>(dy),
               weight.data, elements<E>(dx));
      });
    });
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace& workspace) const override {
    check_count("depthwise_conv2d", dy.numel());
    const Index C = x.size(3);
    const Plan plan(spec, x.shape, dweight.shape, dy.shape, dy.shape, 1);
    with_element<T>(x.storage, [&]<class E>(E) {
      channel_sums("depthwise_conv2d_backward_weight", dy.numel() / C, C,
                   Products<E>{elements<E>(x), elements<E>(dy), plan}, StoreTotal<T>{dweight.data},
                   workspace, dweight.size(0) * dweight.size(1));
    });
  }
};

}  // namespace

template <class T>
const DepthwiseConv2dKernels<T>& DepthwiseConv2dKernels<T>::cuda() {
  static const CudaDepthwiseConv2d<T> kernels{};
  return kernels;
}
template const DepthwiseConv2dKernels<float>& DepthwiseConv2dKernels<float>::cuda();
template const DepthwiseConv2dKernels<double>& DepthwiseConv2dKernels<double>::cuda();

}  // namespace dmf
