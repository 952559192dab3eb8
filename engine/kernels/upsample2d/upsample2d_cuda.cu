#include "engine/cuda/elements.cuh"
#include "engine/kernels/upsample2d/taps.h"
#include "engine/kernels/upsample2d/upsample2d.h"

namespace dmf {
namespace {

using namespace cuda;

/// Sizes of x [N, H, W, C] in groups of V channels; `across` and `down` divide by the width and
/// height of what threads go over.
struct Plan {
  Index H, W, C;
  Divisor groups, across, down;

  Plan(const Shape& x, const Shape& grid, int V)
      : H(x[1]), W(x[2]), C(x[3]), groups(x[3] / V), across(grid[2]), down(grid[1]) {}
};

/// Where a thread is: an image, a row, a column, and V channels.
struct Place {
  Index pixel, n, row, column, channel;

  __device__ Place(const Plan& plan, Index thread, int V) {
    const unsigned at = plan.groups.divide(static_cast<unsigned>(thread));
    const unsigned line = plan.across.divide(at), image = plan.down.divide(line);
    pixel = at;
    n = image;
    row = line - image * plan.down.value;
    column = at - line * plan.across.value;
    channel = (thread - Index{at} * plan.groups.value) * V;
  }
};

template <class E, int V>
__device__ void add_weighted(ComputeType<E> weight, const E* from, ComputeType<E> (&sums)[V]) {
  const auto values = *reinterpret_cast<const Pack<E, V>*>(from);
  for (int v = 0; v < V; ++v) sums[v] += weight * load(values.at[v]);
}

template <class E, int V>
__device__ void store_sums(const ComputeType<E> (&sums)[V], E* to) {
  Pack<E, V> out;
  for (int v = 0; v < V; ++v) out.at[v] = store<E>(sums[v]);
  *reinterpret_cast<Pack<E, V>*>(to) = out;
}

template <class E, int V>
__global__ void forward_kernel(Plan plan, Index count, const E* x, E* y) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const Place at(plan, thread, V);
  const upsample::Sources h = upsample::sources_of(at.row, plan.H);
  const upsample::Sources w = upsample::sources_of(at.column, plan.W);
  const auto from = [&](Index row, Index column) {
    return x + ((at.n * plan.H + row) * plan.W + column) * plan.C + at.channel;
  };
  using T = ComputeType<E>;
  constexpr T kNear = upsample::kNear, kFar = upsample::kFar;
  T sums[V] = {};
  add_weighted<E, V>(kNear * kNear, from(h.centre, w.centre), sums);
  add_weighted<E, V>(kNear * kFar, from(h.centre, w.other), sums);
  add_weighted<E, V>(kFar * kNear, from(h.other, w.centre), sums);
  add_weighted<E, V>(kFar * kFar, from(h.other, w.other), sums);
  store_sums<E, V>(sums, y + at.pixel * plan.C + at.channel);
}

/// Every pixel of x asks the pixels of y that it took part in, so that no two threads write to one
/// place.
template <class E, int V>
__global__ void backward_kernel(Plan plan, Index count, const E* dy, E* dx) {
  const Index thread = global_thread();
  if (thread >= count) return;
  const Place at(plan, thread, V);
  const upsample::Targets h = upsample::targets_of(at.row, plan.H);
  const upsample::Targets w = upsample::targets_of(at.column, plan.W);
  ComputeType<E> sums[V] = {};
  for (int a = 0; a < 4; ++a) {
    for (int b = 0; b < 4; ++b) {
      const auto weight = static_cast<ComputeType<E>>(h.weight[a] * w.weight[b]);
      if (weight == 0) continue;
      const Index row = at.n * 2 * plan.H + h.first + a;
      add_weighted<E, V>(weight, dy + (row * 2 * plan.W + w.first + b) * plan.C + at.channel, sums);
    }
  }
  store_sums<E, V>(sums, dx + at.pixel * plan.C + at.channel);
}

template <class T>
class CudaUpsample2d final : public Upsample2dKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    check_count("upsample_bilinear2d", y.numel());
    with_element<T>(x.storage, [&]<class E>(E) {
      with_pack<E>(x.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = y.numel() / V;
        launch({"upsample2d_forward", blocks_for(count), kThreads}, forward_kernel<E, V>,
               Plan(x.shape, y.shape, V), count, elements<E>(x), elements<E>(y));
      });
    });
  }

  void backward(In<T> dy, View<T> dx) const override {
    check_count("upsample_bilinear2d", dx.numel());
    with_element<T>(dx.storage, [&]<class E>(E) {
      with_pack<E>(dx.size(3), [&](auto pack) {
        constexpr int V = decltype(pack)::value;
        const Index count = dx.numel() / V;
        launch({"upsample2d_backward", blocks_for(count), kThreads}, backward_kernel<E, V>,
               Plan(dx.shape, dx.shape, V), count, elements<E>(dy), elements<E>(dx));
      });
    });
  }
};

}  // namespace

template <class T>
const Upsample2dKernels<T>& Upsample2dKernels<T>::cuda() {
  static const CudaUpsample2d<T> kernels{};
  return kernels;
}
template const Upsample2dKernels<float>& Upsample2dKernels<float>::cuda();
template const Upsample2dKernels<double>& Upsample2dKernels<double>::cuda();

}  // namespace dmf
