#include "engine/kernels/reduce/reduce.h"
#include "engine/tensor/eigen.h"

namespace dmf {
namespace {

template <class T>
class ReferenceReduce final : public ReduceKernels<T> {
 public:
  void sum(In<T> x, View<T> y, Workspace&) const override {
    y.data[0] = static_cast<T>(array(x).template cast<double>().sum());
  }

  void channel_sum(In<T> x, View<T> y, Workspace&) const override {
    const Array<double> sums = pixels(x).template cast<double>().colwise().sum();
    array(y) = sums.cast<T>();
  }
};

}  // namespace

template <class T>
const ReduceKernels<T>& ReduceKernels<T>::reference() {
  static const ReferenceReduce<T> kernels{};
  return kernels;
}
template const ReduceKernels<float>& ReduceKernels<float>::reference();
template const ReduceKernels<double>& ReduceKernels<double>::reference();

}  // namespace dmf
