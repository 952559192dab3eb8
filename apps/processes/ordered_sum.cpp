#include "apps/processes/ordered_sum.h"

namespace dmf {
namespace {

/// to += from, n elements
void add(const float* from, float* to, Index n) {
  constexpr Index kGrain = 1 << 15;
  parallel_chunks(n, kGrain, [&](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) to[i] += from[i];
  });
}

}  // namespace

Tensor<float> ordered_sum(Processes& processes, const std::vector<Tensor<float>>& own) {
  const Tensor<float>& sum = own.front();
  const Index n = sum.numel();
  if (processes.count() == 1) {
    for (std::size_t k = 1; k < own.size(); ++k) add(own[k].data(), sum.data(), n);
    return sum;
  }
  const std::vector<ChunkRange> slices = shares(processes, n);
  std::vector<ChunkRange> bytes;
  for (const ChunkRange& slice : slices) {
    bytes.push_back({slice.begin * Index{sizeof(float)}, slice.end * Index{sizeof(float)}});
  }
  const ChunkRange mine = slices[static_cast<std::size_t>(processes.rank())];
  const Index length = mine.end - mine.begin;
  std::vector<Tensor<float>> taken;  // of every process its first term's slice, then its second's
  for (const Tensor<float>& term : own) {
    taken.emplace_back(Shape{processes.count() * length});
    processes.swap(std::as_bytes(term.span()), bytes, std::as_writable_bytes(taken.back().span()));
  }
  float* to = sum.data() + mine.begin;
  for (Index p = 0; p < processes.count(); ++p) {
    for (std::size_t k = 0; k < taken.size(); ++k) {
      const float* from = taken[k].data() + p * length;
      if (p == 0 && k == 0) {
        std::copy_n(from, length, to);
      } else {
        add(from, to, length);
      }
    }
  }
  gather(processes, sum.span(), slices);
  return sum;
}

}  // namespace dmf
