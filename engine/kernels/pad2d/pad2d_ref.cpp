#include "engine/kernels/pad2d/pad2d.h"

namespace dmf::ref {

template <class T>
void pad2d(const Padding& pad, In<T> x, View<T> y) {
  Index at = 0;
  for (Index n = 0; n < y.size(0); ++n)
    for (Index i = 0; i < y.size(1); ++i)
      for (Index j = 0; j < y.size(2); ++j)
        for (Index c = 0; c < y.size(3); ++c) {
          const Index h = i - pad.top, w = j - pad.left;
          const bool inside = h >= 0 && h < x.size(1) && w >= 0 && w < x.size(2);
          y.data[at++] =
              inside ? x.data[((n * x.size(1) + h) * x.size(2) + w) * x.size(3) + c] : T{0};
        }
}

template void pad2d<float>(const Padding&, In<float>, View<float>);
template void pad2d<double>(const Padding&, In<double>, View<double>);

}  // namespace dmf::ref
