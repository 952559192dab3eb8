#include "engine/kernels/conv2d/conv2d.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceConv2d final : public Conv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue, View<T> y,
               Workspace&) const override {
    for (Index n = 0; n < x.size(0); ++n) {
      const Sliding window(spec, x.shape, weight.shape, y.shape, n);
      image(y, n) = window.patches(x) * taps(weight);
    }
    apply(epilogue, y);
  }

  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                     View<T> dx, Workspace&) const override {
    array(dx).setZero();
    for (Index n = 0; n < dx.size(0); ++n) {
      const Sliding window(spec, dx.shape, weight.shape, dy.shape, n);
      window.add_patches(image(dy, n) * taps(weight).transpose(), dx);
    }
    apply(epilogue, dx);
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace&) const override {
    array(dweight).setZero();
    for (Index n = 0; n < x.size(0); ++n) {
      const Sliding window(spec, x.shape, dweight.shape, dy.shape, n);
      taps(dweight) += window.patches(x).transpose() * image(dy, n);
    }
  }

 private:
  /// Where the kernel lies on image n at each place of y: patches are the pixels under it, one row
  /// [KH*KW*C_in] for each of the OH*OW places, so that a convolution is patches times weights.
  class Sliding {
   public:
    Sliding(const Conv2dSpec& spec, const Shape& x, const Shape& weight, const Shape& y, Index n)
        : spec_(spec), x_(x), weight_(weight), y_(y), n_(n) {}

    Matrix<T> patches(In<T> x) const {
      const Index C = x_[3];
      Matrix<T> rows = Matrix<T>::Zero(y_[1] * y_[2], weight_[0] * weight_[1] * C);
      for_each_pixel([&](Index place, Index tap, Index pixel) {
        rows.row(place).segment(tap * C, C) = pixels(x).row(pixel);
      });
      return rows;
    }

    /// The adjoint: every pixel of x receives what the patches that it lies in have for it.
    void add_patches(const Matrix<T>& rows, View<T> x) const {
      const Index C = x_[3];
      for_each_pixel([&](Index place, Index tap, Index pixel) {
        pixels(x).row(pixel) += rows.row(place).segment(tap * C, C);
      });
    }

   private:
    /// Calls body(place of y, tap of the kernel, row of x's pixel) where that is inside the image.
    template <class Body>
    void for_each_pixel(const Body& body) const {
      const Index H = x_[1], W = x_[2], OH = y_[1], OW = y_[2], KH = weight_[0], KW = weight_[1];
      for (Index i = 0; i < OH; ++i)
        for (Index j = 0; j < OW; ++j)
          for (Index a = 0; a < KH; ++a)
            for (Index b = 0; b < KW; ++b) {
              const Index h = i * spec_.stride_h - spec_.pad.top + a;
              const Index w = j * spec_.stride_w - spec_.pad.left + b;
              if (h < 0 || h >= H || w < 0 || w >= W) continue;  // zero padding
              body(i * OW + j, a * KW + b, (n_ * H + h) * W + w);
            }
    }

    const Conv2dSpec& spec_;
    const Shape &x_, &weight_, &y_;
    Index n_;
  };

  /// Image n, a pixel a row: [H*W, C].
  template <class U>
  static auto image(const View<U>& x, Index n) {
    const Index each = x.size(1) * x.size(2);
    return pixels(x).middleRows(n * each, each);
  }
  /// [KH*KW*C_in, C_out]
  template <class U>
  static auto taps(const View<U>& weight) {
    return pixels(weight);
  }

  static void apply(InEpilogue<T> epilogue, View<T> y) {
    auto out = pixels(y).array();
    if (epilogue.scale) out.rowwise() *= array(epilogue.scale).transpose();
    if (epilogue.shift) out.rowwise() += array(epilogue.shift).transpose();
    if (epilogue.relu) out = (out < T{0}).select(T{0}, out);
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
