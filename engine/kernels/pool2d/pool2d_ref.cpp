#include "engine/kernels/pool2d/pool2d.h"

namespace dmf {
namespace {

/// Calls body(offset in y, place in the window, offset in x) for every pixel of every window that
/// lies inside the image, windows in the order of y.
template <class Body>
void for_each_pixel(const Pool2dSpec& spec, const Shape& x, const Shape& y, const Body& body) {
  Index at_y = 0;
  for (Index n = 0; n < y[0]; ++n)
    for (Index i = 0; i < y[1]; ++i)
      for (Index j = 0; j < y[2]; ++j)
        for (Index c = 0; c < y[3]; ++c, ++at_y)
          for (int a = 0; a < spec.kernel_h; ++a)
            for (int b = 0; b < spec.kernel_w; ++b) {
              const Index h = i * spec.stride_h - spec.pad.top + a;
              const Index w = j * spec.stride_w - spec.pad.left + b;
              if (h < 0 || h >= x[1] || w < 0 || w >= x[2]) continue;
              body(at_y, a * spec.kernel_w + b, ((n * x[1] + h) * x[2] + w) * x[3] + c);
            }
}

template <class T>
class ReferencePool2d final : public Pool2dKernels<T> {
 public:
  void forward(const Pool2dSpec& spec, In<T> x, View<T> y,
               View<std::uint8_t> winners) const override {
    Index seen = -1;  // the last element of y that has a value
    for_each_pixel(spec, x.shape, y.shape, [&](Index at_y, int place, Index at_x) {
      if (at_y == seen && !(x.data[at_x] > y.data[at_y])) return;
      seen = at_y;
      y.data[at_y] = x.data[at_x];
      if (winners) winners.data[at_y] = static_cast<std::uint8_t>(place);
    });
  }

  void backward(const Pool2dSpec& spec, ConstView<std::uint8_t> winners, In<T> dy,
                View<T> dx) const override {
    for (Index i = 0; i < dx.numel(); ++i) dx.data[i] = T{0};
    for_each_pixel(spec, dx.shape, dy.shape, [&](Index at_y, int place, Index at_x) {
      if (place == winners.data[at_y]) dx.data[at_x] += dy.data[at_y];
    });
  }
};

}  // namespace

template <class T>
const Pool2dKernels<T>& Pool2dKernels<T>::reference() {
  static const ReferencePool2d<T> kernels{};
  return kernels;
}
template const Pool2dKernels<float>& Pool2dKernels<float>::reference();
template const Pool2dKernels<double>& Pool2dKernels<double>::reference();

}  // namespace dmf
