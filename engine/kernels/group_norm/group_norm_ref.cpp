#include "engine/kernels/group_norm/group_norm.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceGroupNorm final : public GroupNormKernels<T> {
 public:
  void statistics(In<T> x, View<double> mean, View<double> var, Workspace&) const override {
    for_each_group(x.shape, mean.size(1), [&](Index at, const auto& part) {
      const Array2d<double> values = part(x);
      mean.data[at] = values.mean();
      var.data[at] = (values - mean.data[at]).square().mean();
    });
  }

  void forward(In<T> x, In<double> mean, In<double> var, In<T> gamma, In<T> beta, double eps,
               double slope, View<T> y, Workspace&) const override {
    for_each_group(x.shape, mean.size(1), [&](Index at, const auto& part) {
      const Array2d<double> normalised = (part(x) - mean.data[at]) / std::sqrt(var.data[at] + eps);
      const Array2d<double> z =
          (normalised.rowwise() * part.channels(gamma)).rowwise() + part.channels(beta);
      part.assign(y, (z > 0.0).select(z, slope * z));
    });
  }

  void backward(In<T> x, In<T> dy, In<double> mean, In<double> var, In<T> gamma, In<T> beta,
                double eps, double slope, View<T> dx, View<T> dgamma, View<T> dbeta,
                Workspace&) const override {
    array(dgamma) = T{0};
    array(dbeta) = T{0};
    for_each_group(x.shape, mean.size(1), [&](Index at, const auto& part) {
      const double inverse = 1.0 / std::sqrt(var.data[at] + eps);
      const Array2d<double> normalised = (part(x) - mean.data[at]) * inverse;
      const Array2d<double> z =
          (normalised.rowwise() * part.channels(gamma)).rowwise() + part.channels(beta);
      const Array2d<double> dz = (z > 0.0).select(part(dy), slope * part(dy));
      part.add_channels(dbeta, dz.colwise().sum());
      part.add_channels(dgamma, (dz * normalised).colwise().sum());
      if (!dx) return;
      // mean and var move with every x of the group
      const Array2d<double> dn = dz.rowwise() * part.channels(gamma);
      part.assign(dx, inverse * (dn - dn.mean() - normalised * (dn * normalised).mean()));
    });
  }

 private:
  using Row = Eigen::Array<double, 1, Eigen::Dynamic>;  // a value for each channel

  /// The pixels of one image in the channels of one group.
  struct Part {
    Index first_pixel, pixels_count, first_channel, channels_count;

    template <class U>
    Array2d<double> operator()(ConstView<U> x) const {
      return pixels(x)
          .block(first_pixel, first_channel, pixels_count, channels_count)
          .array()
          .template cast<double>();
    }
    void assign(View<T> y, const Array2d<double>& values) const {
      pixels(y).block(first_pixel, first_channel, pixels_count, channels_count) =
          values.cast<T>().matrix();
    }
    Row channels(In<T> x) const {
      return array(x).segment(first_channel, channels_count).template cast<double>().transpose();
    }
    void add_channels(View<T> y, const Row& values) const {
      array(y).segment(first_channel, channels_count) += values.transpose().template cast<T>();
    }
  };

  /// Calls body(place in [N, G], the group's part of x) for every group of every image.
  template <class Body>
  static void for_each_group(const Shape& x, Index groups, const Body& body) {
    const Index size = x[1] * x[2], width = x[3] / groups;
    for (Index n = 0; n < x[0]; ++n)
      for (Index g = 0; g < groups; ++g)
        body(n * groups + g, Part{n * size, size, g * width, width});
  }
};

}  // namespace

template <class T>
const GroupNormKernels<T>& GroupNormKernels<T>::reference() {
  static const ReferenceGroupNorm<T> kernels{};
  return kernels;
}
template const GroupNormKernels<float>& GroupNormKernels<float>::reference();
template const GroupNormKernels<double>& GroupNormKernels<double>::reference();

}  // namespace dmf
