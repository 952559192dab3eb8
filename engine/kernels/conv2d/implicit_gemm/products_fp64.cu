#include "engine/kernels/conv2d/implicit_gemm/products.cuh"

namespace dmf::cuda {

struct Fp64 {
  using Element = double;
  static constexpr bool kTensorCores = false;
};

DMF_INSTANTIATE_PRODUCTS(Fp64, double)

}  // namespace dmf::cuda
