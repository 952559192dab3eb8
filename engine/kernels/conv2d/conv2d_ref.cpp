#include "engine/kernels/conv2d/conv2d.h"

namespace dmf {
namespace {

/// Calls body(offset of x[n,h,w,0], offset of weight[a,b,0,0], offset of y[n,i,j,0]) for every pair
/// of an input and an output pixel that a tap of the kernel connects.
template <class Body>
void for_each_tap(const Conv2dSpec& spec, const Shape& x, const Shape& weight, const Shape& y,
                  const Body& body) {
  const Index KH = weight[0], KW = weight[1];
  for (Index n = 0; n < y[0]; ++n)
    for (Index i = 0; i < y[1]; ++i)
      for (Index j = 0; j < y[2]; ++j)
        for (Index a = 0; a < KH; ++a)
          for (Index b = 0; b < KW; ++b) {
            const Index h = i * spec.stride_h - spec.pad.top + a;
            const Index w = j * spec.stride_w - spec.pad.left + b;
            if (h < 0 || h >= x[1] || w < 0 || w >= x[2]) continue;  // zero padding
            body(((n * x[1] + h) * x[2] + w) * x[3], (a * KW + b) * weight[2] * weight[3],
                 ((n * y[1] + i) * y[2] + j) * y[3]);
          }
}

template <class T>
void clear(View<T> y) {
  for (Index i = 0; i < y.numel(); ++i) y.data[i] = T{0};
}

template <class T>
void apply(InEpilogue<T> epilogue, View<T> y) {
  const Index C = y.size(-1);
  for (Index i = 0; i < y.numel(); ++i) {
    if (epilogue.scale) y.data[i] *= epilogue.scale.data[i % C];
    if (epilogue.shift) y.data[i] += epilogue.shift.data[i % C];
    if (epilogue.relu && y.data[i] < T{0}) y.data[i] = T{0};
  }
}

template <class T>
class ReferenceConv2d final : public Conv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue, View<T> y,
               Workspace&) const override {
    const Index C_in = weight.size(2), C_out = weight.size(3);
    clear(y);
    for_each_tap(spec, x.shape, weight.shape, y.shape, [&](Index at_x, Index at_w, Index at_y) {
      for (Index c = 0; c < C_in; ++c)
        for (Index o = 0; o < C_out; ++o)
          y.data[at_y + o] += x.data[at_x + c] * weight.data[at_w + c * C_out + o];
    });
    apply<T>(epilogue, y);
  }

  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                     View<T> dx, Workspace&) const override {
    const Index C_in = weight.size(2), C_out = weight.size(3);
    clear(dx);
    for_each_tap(spec, dx.shape, weight.shape, dy.shape, [&](Index at_x, Index at_w, Index at_y) {
      for (Index c = 0; c < C_in; ++c)
        for (Index o = 0; o < C_out; ++o)
          dx.data[at_x + c] += dy.data[at_y + o] * weight.data[at_w + c * C_out + o];
    });
    apply<T>(epilogue, dx);
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace&) const override {
    const Index C_in = dweight.size(2), C_out = dweight.size(3);
    clear(dweight);
    for_each_tap(spec, x.shape, dweight.shape, dy.shape, [&](Index at_x, Index at_w, Index at_y) {
      for (Index c = 0; c < C_in; ++c)
        for (Index o = 0; o < C_out; ++o)
          dweight.data[at_w + c * C_out + o] += x.data[at_x + c] * dy.data[at_y + o];
    });
  }
};

}  // namespace

template <class T>
const Conv2dKernels<T>& Conv2dKernels<T>::reference() {
  static const ReferenceConv2d<T> kernels{};
  return kernels;
}
template const Conv2dKernels<float>& Conv2dKernels<float>::reference();
template const Conv2dKernels<double>& Conv2dKernels<double>::reference();

}  // namespace dmf
