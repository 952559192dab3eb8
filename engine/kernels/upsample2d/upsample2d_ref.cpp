#include <algorithm>
#include <cmath>

#include "engine/kernels/upsample2d/upsample2d.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

/// Where place i of y lies between two of x.
struct Between {
  Index lower, upper;
  double fraction;  // of the way from one to the other
};

Between between(Index i, Index size) {
  const double at = std::max(0.0, (static_cast<double>(i) + 0.5) / 2.0 - 0.5);
  const auto lower = static_cast<Index>(std::floor(at));
  return {lower, std::min(lower + 1, size - 1), at - std::floor(at)};
}

/// Calls body(pixel of y, pixel of x, its weight) for the four pixels around each pixel of y.
template <class Body>
void for_each_weight(const Shape& x, const Body& body) {
  for (Index n = 0; n < x[0]; ++n)
    for (Index i = 0; i < 2 * x[1]; ++i)
      for (Index j = 0; j < 2 * x[2]; ++j) {
        const Between h = between(i, x[1]), w = between(j, x[2]);
        const Index to = (n * 2 * x[1] + i) * 2 * x[2] + j;
        const auto at = [&](Index row, Index column) { return (n * x[1] + row) * x[2] + column; };
        body(to, at(h.lower, w.lower), (1.0 - h.fraction) * (1.0 - w.fraction));
        body(to, at(h.lower, w.upper), (1.0 - h.fraction) * w.fraction);
        body(to, at(h.upper, w.lower), h.fraction * (1.0 - w.fraction));
        body(to, at(h.upper, w.upper), h.fraction * w.fraction);
      }
}

template <class T>
class ReferenceUpsample2d final : public Upsample2dKernels<T> {
 public:
  void forward(In<T> x, View<T> y) const override {
    array(y) = T{0};
    for_each_weight(x.shape, [&](Index to, Index from, double weight) {
      pixels(y).row(to) += static_cast<T>(weight) * pixels(x).row(from);
    });
  }

  void backward(In<T> dy, View<T> dx) const override {
    array(dx) = T{0};
    for_each_weight(dx.shape, [&](Index to, Index from, double weight) {
      pixels(dx).row(from) += static_cast<T>(weight) * pixels(dy).row(to);
    });
  }
};

}  // namespace

template <class T>
const Upsample2dKernels<T>& Upsample2dKernels<T>::reference() {
  static const ReferenceUpsample2d<T> kernels{};
  return kernels;
}
template const Upsample2dKernels<float>& Upsample2dKernels<float>::reference();
template const Upsample2dKernels<double>& Upsample2dKernels<double>::reference();

}  // namespace dmf
