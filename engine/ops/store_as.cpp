#include "engine/ops/store_as.h"

#include <type_traits>

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

template <class S>
Tensor<S> copied(const Tensor<S>& x, Storage storage) {
  Tensor<S> y(x.shape(), x.device(), storage);
  kernels<ElementwiseKernels<S>>(x.device()).copy(x.cview(), y.view());
  return y;
}

template <class S>
struct StoreAsNode final : Node<S> {
  StoreAsNode(typename Node<S>::Slots inputs, Storage storage)
      : Node<S>(Op::store_as, std::move(inputs)), storage_(storage) {}

  void backward(const Tensor<S>& dy) override { this->accumulate(0, copied(dy, storage_)); }

  Storage storage_;
};

}  // namespace

template <class S>
Variable<S> store_as(const Variable<S>& x, Storage storage) {
  if (x.value().storage() == storage) return x;
  const bool possible =
      storage == Storage::full || (!x.device().is_cpu() && std::is_same_v<S, float>);
  DMF_CHECK(possible, ValueError,
            "[store_as] bfloat16 on {}: expected float elements on a CUDA device.",
            x.device().str());
  return record<StoreAsNode<S>>(copied(x.value(), storage), {x}, x.value().storage());
}

template Variable<float> store_as(const Variable<float>&, Storage);
template Variable<double> store_as(const Variable<double>&, Storage);

}  // namespace dmf
