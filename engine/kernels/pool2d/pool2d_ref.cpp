#include "engine/kernels/pool2d/pool2d.h"

namespace dmf::ref {
namespace {

/// Offset in x of the first maximum of the window of y[n, i, j, c].
template <class T>
Index first_maximum(const Pool2dSpec& spec, In<T> x, Index n, Index i, Index j, Index c) {
  Index best = -1;
  for (int a = 0; a < spec.kernel_h; ++a) {
    for (int b = 0; b < spec.kernel_w; ++b) {
      const Index h = i * spec.stride_h - spec.pad.top + a;
      const Index w = j * spec.stride_w - spec.pad.left + b;
      if (h < 0 || h >= x.size(1) || w < 0 || w >= x.size(2)) continue;
      const Index at = ((n * x.size(1) + h) * x.size(2) + w) * x.size(3) + c;
      if (best < 0 || x.data[at] > x.data[best]) best = at;
    }
  }
  return best;
}

/// Calls body(offset in y, offset in x of its maximum) for every element of y.
template <class T, class Body>
void for_each_window(const Pool2dSpec& spec, In<T> x, const Shape& y, const Body& body) {
  Index at_y = 0;
  for (Index n = 0; n < y[0]; ++n)
    for (Index i = 0; i < y[1]; ++i)
      for (Index j = 0; j < y[2]; ++j)
        for (Index c = 0; c < y[3]; ++c) body(at_y++, first_maximum<T>(spec, x, n, i, j, c));
}

}  // namespace

template <class T>
void max_pool2d_forward(const Pool2dSpec& spec, In<T> x, View<T> y) {
  for_each_window<T>(spec, x, y.shape,
                     [&](Index at_y, Index at_x) { y.data[at_y] = x.data[at_x]; });
}

template <class T>
void max_pool2d_backward(const Pool2dSpec& spec, In<T> x, In<T> dy, View<T> dx) {
  for (Index i = 0; i < dx.numel(); ++i) dx.data[i] = T{0};
  for_each_window<T>(spec, x, dy.shape,
                     [&](Index at_y, Index at_x) { dx.data[at_x] += dy.data[at_y]; });
}

#define DMF_INSTANTIATE(T)                                                \
  template void max_pool2d_forward<T>(const Pool2dSpec&, In<T>, View<T>); \
  template void max_pool2d_backward<T>(const Pool2dSpec&, In<T>, In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::ref
