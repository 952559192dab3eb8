#include <cmath>
#include <vector>

#include "engine/cuda/launch.cuh"
#include "engine/cuda/memory_kernels.h"
#include "engine/cuda/reduce.cuh"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf {
namespace {

using namespace cuda;

constexpr Index kChunk = 4096;  // elements of one tensor that one block updates

/// One tensor of the many that a launch goes over. `first_block` and those after it are its own.
template <class T>
struct Entry {
  const T* grad;
  T *param, *state[2];
  Index count;
  Index first_block;
};

/// The entries in device memory; which is where a recorded launch finds them again.
template <class T>
struct Table {
  const Entry<T>* entries;
  int count;
  Index blocks;
};

template <class T>
Table<T> upload(std::vector<Entry<T>>& entries, Workspace& workspace) {
  Index blocks = 0;
  for (Entry<T>& entry : entries) {
    entry.first_block = blocks;
    blocks += (entry.count + kChunk - 1) / kChunk;
  }
  auto* there = workspace.take<Entry<T>>(static_cast<Index>(entries.size()));
  store_constant(there, entries.data(), entries.size() * sizeof(Entry<T>));
  return {there, static_cast<int>(entries.size()), blocks};
}

/// Elements [begin, end) of the entry that this block works on.
template <class T>
struct Share {
  const Entry<T>* entry;
  Index begin, end;

  __device__ explicit Share(const Table<T>& table) {
    int low = 0, high = table.count - 1;  // the last entry that starts at this block or before
    while (low < high) {
      const int middle = (low + high + 1) / 2;
      if (table.entries[middle].first_block <= static_cast<Index>(blockIdx.x)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    entry = table.entries + low;
    begin = (static_cast<Index>(blockIdx.x) - entry->first_block) * kChunk;
    end = begin + kChunk < entry->count ? begin + kChunk : entry->count;
  }
};

template <class T>
__global__ void add_squares(Table<T> table, double* parts) {
  __shared__ double scratch[kThreads / 32];
  const Share<T> share(table);
  double sum = 0.0;
  for (Index i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
    const auto g = static_cast<double>(share.entry->grad[i]);
    sum += g * g;
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) parts[blockIdx.x] = sum;
}

__global__ void finish_norm(Index count, const double* parts, double max_norm, double* norm) {
  __shared__ double scratch[kThreads / 32];
  double sum = 0.0;
  for (Index i = threadIdx.x; i < count; i += blockDim.x) sum += parts[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x != 0) return;
  norm[0] = std::sqrt(sum);
  norm[1] = clip_factor(norm[0], max_norm);
}

template <class T>
__global__ void adam_kernel(Table<T> table, AdamSpec s, const double* schedule,
                            const double* norm) {
  __shared__ double corrections[2];
  if (threadIdx.x == 0) {
    corrections[0] = 1.0 - std::pow(s.beta1, schedule[1]);
    corrections[1] = 1.0 - std::pow(s.beta2, schedule[1]);
  }
  __syncthreads();
  const double lr = schedule[0];
  const T factor = static_cast<T>(norm[1]);
  if (!std::isfinite(factor)) return;
  const T step_size = static_cast<T>(lr / corrections[0]);
  const T square_scale = static_cast<T>(1.0 / corrections[1]);
  const T beta1 = static_cast<T>(s.beta1), beta2 = static_cast<T>(s.beta2);
  const T rest1 = static_cast<T>(1.0 - s.beta1), rest2 = static_cast<T>(1.0 - s.beta2);
  const T eps = static_cast<T>(s.eps);
  const T shrink = static_cast<T>(s.decoupled ? 1.0 - lr * s.weight_decay : 1.0);
  const T decay = static_cast<T>(s.decoupled ? 0.0 : s.weight_decay);
  const Share<T> share(table);
  const Entry<T>& e = *share.entry;
  for (Index i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
    const T p = e.param[i], g = factor * e.grad[i] + decay * p;
    const T mean = beta1 * e.state[0][i] + rest1 * g;
    const T square = beta2 * e.state[1][i] + rest2 * g * g;
    e.state[0][i] = mean;
    e.state[1][i] = square;
    e.param[i] =
        shrink * p - step_size * mean / (static_cast<T>(std::sqrt(square * square_scale)) + eps);
  }
}

template <class T>
__global__ void sgd_kernel(Table<T> table, SgdSpec s, const double* schedule, const double* norm) {
  const T factor = static_cast<T>(norm[1]);
  if (!std::isfinite(factor)) return;
  const T lr = static_cast<T>(schedule[0]), decay = static_cast<T>(s.weight_decay);
  const T momentum = static_cast<T>(s.momentum), kept = schedule[1] == 1.0 ? T{0} : momentum;
  const Share<T> share(table);
  const Entry<T>& e = *share.entry;
  for (Index i = share.begin + threadIdx.x; i < share.end; i += blockDim.x) {
    const T g = factor * e.grad[i] + decay * e.param[i];
    const T speed = kept * e.state[0][i] + g;
    e.state[0][i] = speed;
    e.param[i] -= lr * (s.nesterov ? g + momentum * speed : speed);
  }
}

template <class T>
__global__ void average_kernel(Index count, T kept, T added, const T* x, T* average) {
  const Index i = global_thread();
  if (i < count) average[i] = kept * average[i] + added * x[i];
}

template <class T>
class CudaOptimizer final : public OptimizerKernels<T> {
 public:
  void gradient_norm(std::span<const ConstView<T>> gradients, double max_norm, View<double> norm,
                     Workspace& workspace) const override {
    std::vector<Entry<T>> entries;
    for (const ConstView<T>& gradient : gradients) {
      entries.push_back({gradient.data, nullptr, {nullptr, nullptr}, gradient.numel(), 0});
    }
    const Table<T> table = upload(entries, workspace);
    double* parts = workspace.take<double>(table.blocks);
    launch({"gradient_norm", static_cast<unsigned>(table.blocks), kThreads}, add_squares<T>, table,
           parts);
    launch({"gradient_norm", 1, kThreads}, finish_norm, table.blocks,
           static_cast<const double*>(parts), max_norm, norm.data);
  }

  void adam_step(const AdamSpec& spec, In<double> schedule, In<double> norm,
                 std::span<const AdamTensors<T>> tensors, Workspace& workspace) const override {
    std::vector<Entry<T>> entries;
    for (const AdamTensors<T>& t : tensors) {
      entries.push_back({t.grad.data, t.param.data, {t.m.data, t.v.data}, t.param.numel(), 0});
    }
    const Table<T> table = upload(entries, workspace);
    launch({"adam_step", static_cast<unsigned>(table.blocks), kThreads}, adam_kernel<T>, table,
           spec, schedule.data, norm.data);
  }

  void sgd_step(const SgdSpec& spec, In<double> schedule, In<double> norm,
                std::span<const SgdTensors<T>> tensors, Workspace& workspace) const override {
    std::vector<Entry<T>> entries;
    for (const SgdTensors<T>& t : tensors) {
      entries.push_back(
          {t.grad.data, t.param.data, {t.velocity.data, nullptr}, t.param.numel(), 0});
    }
    const Table<T> table = upload(entries, workspace);
    launch({"sgd_step", static_cast<unsigned>(table.blocks), kThreads}, sgd_kernel<T>, table, spec,
           schedule.data, norm.data);
  }

  void moving_average(double decay, In<T> x, View<T> average) const override {
    launch({"moving_average", blocks_for(x.numel()), kThreads}, average_kernel<T>, x.numel(),
           static_cast<T>(decay), static_cast<T>(1.0 - decay), x.data, average.data);
  }
};

}  // namespace

template <class T>
const OptimizerKernels<T>& OptimizerKernels<T>::cuda() {
  static const CudaOptimizer<T> kernels{};
  return kernels;
}
template const OptimizerKernels<float>& OptimizerKernels<float>::cuda();
template const OptimizerKernels<double>& OptimizerKernels<double>::cuda();

}  // namespace dmf
