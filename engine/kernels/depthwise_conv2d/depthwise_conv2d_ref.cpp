#include "engine/kernels/depthwise_conv2d/depthwise_conv2d.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

/// Calls body(row of x's pixels, of y's pixels, of the kernel's places) wherever all three meet.
template <class Body>
void for_each_meeting(const Conv2dSpec& spec, const Shape& x, const Shape& weight, const Shape& y,
                      const Body& body) {
  for (Index n = 0; n < y[0]; ++n)
    for (Index i = 0; i < y[1]; ++i)
      for (Index j = 0; j < y[2]; ++j)
        for (Index a = 0; a < weight[0]; ++a)
          for (Index b = 0; b < weight[1]; ++b) {
            const Index h = i * spec.stride_h - spec.pad.top + a;
            const Index w = j * spec.stride_w - spec.pad.left + b;
            if (h < 0 || h >= x[1] || w < 0 || w >= x[2]) continue;
            body((n * x[1] + h) * x[2] + w, (n * y[1] + i) * y[2] + j, a * weight[1] + b);
          }
}

/// The sums run in double, so that what they are compared with has no more rounding than its own.
template <class T>
class ReferenceDepthwiseConv2d final : public DepthwiseConv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, In<T> bias, View<T> y,
               Workspace&) const override {
    Array2d<double> sums = zeros_like(y.shape);
    for_each_meeting(spec, x.shape, weight.shape, y.shape,
                     [&](Index at_x, Index at_y, Index place) {
                       sums.row(at_y) += row(x, at_x) * row(weight, place);
                     });
    if (bias) sums.rowwise() += array(bias).transpose().template cast<double>();
    pixels(y).array() = sums.cast<T>();
  }

  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, View<T> dx,
                     Workspace&) const override {
    Array2d<double> sums = zeros_like(dx.shape);
    for_each_meeting(spec, dx.shape, weight.shape, dy.shape,
                     [&](Index at_x, Index at_y, Index place) {
                       sums.row(at_x) += row(dy, at_y) * row(weight, place);
                     });
    pixels(dx).array() = sums.cast<T>();
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace&) const override {
    Array2d<double> sums = zeros_like(dweight.shape);
    for_each_meeting(spec, x.shape, dweight.shape, dy.shape,
                     [&](Index at_x, Index at_y, Index place) {
                       sums.row(place) += row(x, at_x) * row(dy, at_y);
                     });
    pixels(dweight).array() = sums.cast<T>();
  }

 private:
  using Row = Eigen::Array<double, 1, Eigen::Dynamic>;  // a value for each channel

  static Row row(In<T> x, Index at) { return pixels(x).row(at).array().template cast<double>(); }
  static Array2d<double> zeros_like(const Shape& shape) {
    return Array2d<double>::Zero(shape.numel() / shape[-1], shape[-1]);
  }
};

}  // namespace

template <class T>
const DepthwiseConv2dKernels<T>& DepthwiseConv2dKernels<T>::reference() {
  static const ReferenceDepthwiseConv2d<T> kernels{};
  return kernels;
}
template const DepthwiseConv2dKernels<float>& DepthwiseConv2dKernels<float>::reference();
template const DepthwiseConv2dKernels<double>& DepthwiseConv2dKernels<double>::reference();

}  // namespace dmf
