#include "engine/kernels/reduce/reduce.h"

namespace dmf {
namespace {

template <class T>
class ReferenceReduce final : public ReduceKernels<T> {
 public:
  void sum(In<T> x, View<T> y, Workspace&) const override {
    double total = 0.0;
    for (Index i = 0; i < x.numel(); ++i) total += static_cast<double>(x.data[i]);
    y.data[0] = static_cast<T>(total);
  }

  void channel_sum(In<T> x, View<T> y, Workspace&) const override {
    const Index C = x.size(-1);
    for (Index c = 0; c < C; ++c) {
      double total = 0.0;
      for (Index i = c; i < x.numel(); i += C) total += static_cast<double>(x.data[i]);
      y.data[c] = static_cast<T>(total);
    }
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
