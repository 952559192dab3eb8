#include "engine/kernels/conv2d/implicit_gemm/products.cuh"

namespace dmf::cuda {

struct Fp32 {
  using Element = float;
  static constexpr bool kTensorCores = false;
};

DMF_INSTANTIATE_PRODUCTS(Fp32, float)

}  // namespace dmf::cuda
