#include "engine/kernels/conv2d/implicit_gemm/products.cuh"

namespace dmf::cuda {

struct Tf32 {
  using Element = float;
  static constexpr bool kTensorCores = true;
};

DMF_INSTANTIATE_PRODUCTS(Tf32, float)

}  // namespace dmf::cuda
