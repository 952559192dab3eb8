#include <cmath>

#include "engine/core/eigen.h"
#include "engine/core/parallel.h"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf {
namespace {

constexpr Index kGrain = 1 << 14;

template <class T>
class CpuOptimizer final : public OptimizerKernels<T> {
 public:
  void gradient_norm(std::span<const ConstView<T>> gradients, double max_norm, View<double> norm,
                     Workspace& workspace) const override {
    double squares = 0.0;
    for (const ConstView<T>& gradient : gradients) {
      const Index total = gradient.numel(), chunks = chunk_count(total, kGrain);
      double* sums = workspace.take<double>(chunks);
      parallel_for(chunks, [&](Index chunk) {
        const ChunkRange range = chunk_range(total, kGrain, chunk);
        double sum = 0.0;
#pragma omp simd reduction(+ : sum)
        for (Index i = range.begin; i < range.end; ++i) {
          sum += static_cast<double>(gradient.data[i]) * static_cast<double>(gradient.data[i]);
        }
        sums[chunk] = sum;
      });
      for (Index chunk = 0; chunk < chunks; ++chunk) squares += sums[chunk];
    }
    norm.data[0] = std::sqrt(squares);
    norm.data[1] = clip_factor(norm.data[0], max_norm);
  }

  void adam_step(const AdamSpec& s, In<double> schedule, In<double> norm,
                 std::span<const AdamTensors<T>> tensors, Workspace&) const override {
    if (!std::isfinite(norm.data[1])) return;
    const double lr = schedule.data[0], t = schedule.data[1];
    const T factor = static_cast<T>(norm.data[1]);
    const T step_size = static_cast<T>(lr / (1.0 - std::pow(s.beta1, t)));
    const T square_scale = static_cast<T>(1.0 / (1.0 - std::pow(s.beta2, t)));
    const T beta1 = static_cast<T>(s.beta1), beta2 = static_cast<T>(s.beta2);
    const T rest1 = static_cast<T>(1.0 - s.beta1), rest2 = static_cast<T>(1.0 - s.beta2);
    const T eps = static_cast<T>(s.eps);
    const T shrink = static_cast<T>(s.decoupled ? 1.0 - lr * s.weight_decay : 1.0);
    const T decay = static_cast<T>(s.decoupled ? 0.0 : s.weight_decay);
    for (const AdamTensors<T>& tensor : tensors) {
      parallel_chunks(tensor.param.numel(), kGrain, [&](Index begin, Index end) {
        auto p = as_array(tensor.param.data + begin, end - begin);
        auto mean = as_array(tensor.m.data + begin, end - begin);
        auto square = as_array(tensor.v.data + begin, end - begin);
        const auto g = factor * as_array(tensor.grad.data + begin, end - begin) + decay * p;
        mean = beta1 * mean + rest1 * g;
        square = beta2 * square + rest2 * g.square();
        p = shrink * p - step_size * mean / ((square * square_scale).sqrt() + eps);
      });
    }
  }

  void sgd_step(const SgdSpec& s, In<double> schedule, In<double> norm,
                std::span<const SgdTensors<T>> tensors, Workspace&) const override {
    if (!std::isfinite(norm.data[1])) return;
    const T lr = static_cast<T>(schedule.data[0]), decay = static_cast<T>(s.weight_decay);
    const T factor = static_cast<T>(norm.data[1]), momentum = static_cast<T>(s.momentum);
    const T kept = schedule.data[1] == 1.0 ? T{0} : momentum;
    for (const SgdTensors<T>& tensor : tensors) {
      parallel_chunks(tensor.param.numel(), kGrain, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i) {
          const T g = factor * tensor.grad.data[i] + decay * tensor.param.data[i];
          const T speed = kept * tensor.velocity.data[i] + g;
          tensor.velocity.data[i] = speed;
          tensor.param.data[i] -= lr * (s.nesterov ? g + momentum * speed : speed);
        }
      });
    }
  }

  void moving_average(double decay, In<T> x, View<T> average) const override {
    const T kept = static_cast<T>(decay), added = static_cast<T>(1.0 - decay);
    parallel_chunks(x.numel(), kGrain, [&](Index begin, Index end) {
      auto mean = as_array(average.data + begin, end - begin);
      mean = kept * mean + added * as_array(x.data + begin, end - begin);
    });
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const OptimizerKernels<T>& OptimizerKernels<T>::cpu() {
  static const CpuOptimizer<T> kernels{};
  return kernels;
}
template const OptimizerKernels<float>& OptimizerKernels<float>::cpu<kCompiledFor>();
template const OptimizerKernels<double>& OptimizerKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
