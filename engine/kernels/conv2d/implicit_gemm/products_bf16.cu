#include "engine/kernels/conv2d/implicit_gemm/products.cuh"

namespace dmf::cuda {

struct Bf16 {
  using Element = bfloat16;
  static constexpr bool kTensorCores = true;
};

DMF_INSTANTIATE_PRODUCTS(Bf16, float)

}  // namespace dmf::cuda
