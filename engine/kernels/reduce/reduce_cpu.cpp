#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/reduce/reduce.h"

namespace dmf {
namespace {

constexpr Index kGrain = 1 << 14;

template <class T>
class CpuReduce final : public ReduceKernels<T> {
 public:
  void sum(In<T> x, View<T> y, Workspace& workspace) const override {
    const Index total = x.numel(), chunks = chunk_count(total, kGrain);
    double* sums = workspace.take<double>(chunks);
    parallel_for(chunks, [&](Index chunk) {
      const ChunkRange range = chunk_range(total, kGrain, chunk);
      double sum = 0.0;
      for (Index i = range.begin; i < range.end; ++i) sum += static_cast<double>(x.data[i]);
      sums[chunk] = sum;
    });
    double sum = 0.0;
    for (Index chunk = 0; chunk < chunks; ++chunk) sum += sums[chunk];
    y.data[0] = static_cast<T>(sum);
  }

  void channel_sum(In<T> x, View<T> y, Workspace& workspace) const override {
    const Index C = x.size(-1), M = C == 0 ? 0 : x.numel() / C;
    const Index grain = std::max<Index>(16, kGrain / std::max<Index>(C, 1));
    const Index chunks = chunk_count(M, grain);
    double* sums = workspace.take<double>((chunks + 1) * C);
    parallel_for(chunks, [&](Index chunk) {
      const ChunkRange rows = chunk_range(M, grain, chunk);
      double* sum = sums + chunk * C;
      std::fill_n(sum, C, 0.0);
      for (Index m = rows.begin; m < rows.end; ++m) {
        for (Index c = 0; c < C; ++c) sum[c] += static_cast<double>(x.data[m * C + c]);
      }
    });
    double* total = sums + chunks * C;
    std::fill_n(total, C, 0.0);
    for (Index chunk = 0; chunk < chunks; ++chunk) {
      for (Index c = 0; c < C; ++c) total[c] += sums[chunk * C + c];
    }
    for (Index c = 0; c < C; ++c) y.data[c] = static_cast<T>(total[c]);
  }
};

}  // namespace

template <class T>
template <InstructionSet>
const ReduceKernels<T>& ReduceKernels<T>::cpu() {
  static const CpuReduce<T> kernels{};
  return kernels;
}
template const ReduceKernels<float>& ReduceKernels<float>::cpu<kCompiledFor>();
template const ReduceKernels<double>& ReduceKernels<double>::cpu<kCompiledFor>();

}  // namespace dmf
