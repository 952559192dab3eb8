#include "engine/kernels/reduce/reduce.h"

namespace dmf::ref {

template <class T>
void sum(In<T> x, View<T> y, Workspace&) {
  double total = 0.0;
  for (Index i = 0; i < x.numel(); ++i) total += static_cast<double>(x.data[i]);
  y.data[0] = static_cast<T>(total);
}

template <class T>
void channel_sum(In<T> x, View<T> y, Workspace&) {
  const Index C = x.size(-1);
  for (Index c = 0; c < C; ++c) {
    double total = 0.0;
    for (Index i = c; i < x.numel(); i += C) total += static_cast<double>(x.data[i]);
    y.data[c] = static_cast<T>(total);
  }
}

#define DMF_INSTANTIATE(T)                          \
  template void sum<T>(In<T>, View<T>, Workspace&); \
  template void channel_sum<T>(In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
