#include <cublas_v2.h>

#include "apps/benchmarks/matrix_product.h"
#include "engine/core/check.h"
#include "engine/cuda/context.h"

namespace dmf {
namespace {

void check(cublasStatus_t status, const char* call) {
  DMF_CHECK(status == CUBLAS_STATUS_SUCCESS, DeviceError, "[bench] {}: {}", call,
            cublasGetStatusString(status));
}

cublasHandle_t handle() {
  static const cublasHandle_t made = [] {
    cublasHandle_t h = nullptr;
    check(cublasCreate(&h), "cublasCreate");
    check(cublasSetStream(h, cuda::stream()), "cublasSetStream");
    return h;
  }();
  return made;
}

}  // namespace

// cuBLAS counts in columns: c = a b row by row is c' = b' a' column by column.
void multiply_matrices(const Tensor<float>& a, const Tensor<float>& b, const Tensor<float>& c,
                       MatmulPrecision precision) {
  const auto n = static_cast<int>(a.size(0));
  const float one = 1.0f, zero = 0.0f;
  const bool halves = a.storage() == Storage::bfloat16;
  const cudaDataType_t type = halves ? CUDA_R_16BF : CUDA_R_32F;
  const cublasComputeType_t compute =
      precision == MatmulPrecision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  check(cublasGemmEx(handle(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, b.data(), type, n, a.data(),
                     type, n, &zero, c.data(), CUDA_R_32F, n, compute, CUBLAS_GEMM_DEFAULT),
        "cublasGemmEx");
}

}  // namespace dmf
