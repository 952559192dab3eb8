#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/pixel_nll/pixel_nll.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"
#include "engine/kernels/softmax/softmax.h"

namespace dmf::ref {
namespace {

template <class T>
const SoftmaxKernels<T>& softmax_kernels() {
  return SoftmaxKernels<T>::reference();
}
template <class T>
const ElementwiseKernels<T>& elementwise_kernels() {
  return ElementwiseKernels<T>::reference();
}

}  // namespace

#include "engine/kernels/pixel_terms/composition.h"
#include "engine/kernels/pixel_terms/instantiate.h"

}  // namespace dmf::ref
