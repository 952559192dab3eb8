#include "apps/benchmarks/matrix_product.h"
#include "engine/autograd/grad_mode.h"
#include "engine/ops/conv2d.h"
#include "engine/ops/store_as.h"

namespace dmf {

// A product of matrices is a convolution with a 1 x 1 kernel; for builds without cuBLAS.
void multiply_matrices(const Tensor<float>& a, const Tensor<float>& b, const Tensor<float>& c,
                       MatmulPrecision precision) {
  const NoGrad no_grad;
  const Index n = a.size(0);
  const Variable<float> x(a.reshape(Shape{1, n, 1, n}));
  const Variable<float> weight =
      store_as(Variable<float>(b.reshape(Shape{1, 1, n, n})), Storage::full);
  c.copy_from(store_as(conv2d(x, weight, {}, {.precision = precision}), Storage::full)
                  .value()
                  .reshape(c.shape()));
}

}  // namespace dmf
