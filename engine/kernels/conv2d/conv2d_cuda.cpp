#include "engine/core/check.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/conv2d/implicit_gemm/products.h"

namespace dmf {
namespace {

using namespace cuda;

/// Calls body(A*) with the arithmetic for tensors of T stored in this way.
template <class T, class Body>
void with_arithmetic(const Conv2dSpec& spec, Storage source, Storage target, const Body& body) {
  DMF_CHECK(source == target, ValueError,
            "[conv2d] one image tensor is stored as bfloat16 and the other in full: expected both "
            "alike.");
  if constexpr (std::is_same_v<T, double>) {
    body(static_cast<Fp64*>(nullptr));
  } else if (source == Storage::bfloat16) {
    body(static_cast<Bf16*>(nullptr));
  } else if (spec.precision == MatmulPrecision::fp32) {
    body(static_cast<Fp32*>(nullptr));
  } else {
    body(static_cast<Tf32*>(nullptr));
  }
}

template <class T>
class CudaConv2d final : public Conv2dKernels<T> {
 public:
  void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue, View<T> y,
               Workspace& workspace) const override {
    with_arithmetic<T>(spec, x.storage, y.storage, [&]<class A>(A*) {
      gather_product<A, T>(spec, false, x, weight, epilogue, y, workspace);
    });
  }

  void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                     View<T> dx, Workspace& workspace) const override {
    with_arithmetic<T>(spec, dy.storage, dx.storage, [&]<class A>(A*) {
      gather_product<A, T>(spec, true, dy, weight, epilogue, dx, workspace);
    });
  }

  void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                       Workspace& workspace) const override {
    with_arithmetic<T>(spec, x.storage, dy.storage,
                       [&]<class A>(A*) { weight_product<A, T>(spec, x, dy, dweight, workspace); });
  }
};

}  // namespace

template <class T>
const Conv2dKernels<T>& Conv2dKernels<T>::cuda() {
  static const CudaConv2d<T> kernels{};
  return kernels;
}
template const Conv2dKernels<float>& Conv2dKernels<float>::cuda();
template const Conv2dKernels<double>& Conv2dKernels<double>::cuda();

}  // namespace dmf
