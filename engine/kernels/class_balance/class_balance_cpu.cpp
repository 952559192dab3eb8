#include <algorithm>

#include "engine/core/parallel.h"
#include "engine/kernels/class_balance/class_balance.h"

namespace dmf::cpu {

void label_counts(std::int32_t ignore_index, ConstView<std::int32_t> target, View<double> counts) {
  const Index G = counts.size(0), C = counts.size(1), pixels = target.numel() / G;
  parallel_for(G, [&](Index g) {
    double* count = counts.data + g * C;
    std::fill_n(count, C, 0.0);
    for (Index i = g * pixels; i < (g + 1) * pixels; ++i) {
      if (target.data[i] != ignore_index) count[target.data[i]] += 1.0;
    }
  });
}

template <class T>
void class_balance(ClassBalance balance, In<double> counts, In<double> factors, View<T> share,
                   View<double> weights) {
  const Index G = counts.size(0), C = counts.size(1);
  for (Index g = 0; g < G; ++g) {
    class_shares(balance, counts.data + g * C, factors.data, C, G, weights.data + g * C,
                 share.data + g * C);
  }
}

template void class_balance<float>(ClassBalance, In<double>, In<double>, View<float>, View<double>);
template void class_balance<double>(ClassBalance, In<double>, In<double>, View<double>,
                                    View<double>);

}  // namespace dmf::cpu
