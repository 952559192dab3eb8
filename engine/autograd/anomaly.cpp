#include "engine/autograd/anomaly.h"

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "engine/core/check.h"

namespace dmf {

template <class S>
bool all_finite(const Tensor<S>& tensor) {
  using Bits = std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>;
  const Bits exponent = std::bit_cast<Bits>(std::numeric_limits<S>::infinity());
  const Tensor<S> here = tensor.to(Device::cpu());
  bool finite = true;  // without leaving the loop, which then runs in vectors
  for (const S value : here.span()) finite &= (std::bit_cast<Bits>(value) & exponent) != exponent;
  return finite;
}

template <class S>
void check_result(Op op, const Tensor<S>& y) {
  DMF_CHECK(all_finite(y), NumericError, "the result of {}, {}, is not finite", op_name(op),
            y.shape().str());
}

template <class S>
void check_gradients(const Node<S>& node) {
  for (std::size_t i = 0; i < node.inputs().size(); ++i) {
    const Tensor<S>& gradient = node.inputs()[i]->grad;
    DMF_CHECK(!gradient.defined() || all_finite(gradient), NumericError,
              "the gradient of {} for its input {}, {}, is not finite", op_name(node.op()), i + 1,
              gradient.shape().str());
  }
}

#define DMF_INSTANTIATE(S)                          \
  template bool all_finite<S>(const Tensor<S>&);    \
  template void check_result(Op, const Tensor<S>&); \
  template void check_gradients(const Node<S>&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
