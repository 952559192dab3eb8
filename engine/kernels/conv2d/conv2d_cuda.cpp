#include "engine/core/check.h"
#include "engine/core/precision.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/conv2d/implicit_gemm/products.h"

namespace dmf::cuda {
namespace {

/// Calls body(A*) with the arithmetic for tensors of T stored in this way.
template <class T, class Body>
void with_arithmetic(Storage source, Storage target, const Body& body) {
  DMF_CHECK(source == target, ValueError,
            "[conv2d] one image tensor is stored as bfloat16 and the other in full: expected both "
            "alike.");
  if constexpr (std::is_same_v<T, double>) {
    body(static_cast<Fp64*>(nullptr));
  } else if (source == Storage::bfloat16) {
    body(static_cast<Bf16*>(nullptr));
  } else if (matmul_precision() == MatmulPrecision::fp32) {
    body(static_cast<Fp32*>(nullptr));
  } else {
    body(static_cast<Tf32*>(nullptr));
  }
}

}  // namespace

template <class T>
void conv2d_forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue,
                    View<T> y, Workspace& workspace) {
  with_arithmetic<T>(x.storage, y.storage, [&]<class A>(A*) {
    gather_product<A, T>(spec, false, x, weight, epilogue, y, workspace);
  });
}

template <class T>
void conv2d_backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                          View<T> dx, Workspace& workspace) {
  with_arithmetic<T>(dy.storage, dx.storage, [&]<class A>(A*) {
    gather_product<A, T>(spec, true, dy, weight, epilogue, dx, workspace);
  });
}

template <class T>
void conv2d_backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                            Workspace& workspace) {
  with_arithmetic<T>(x.storage, dy.storage,
                     [&]<class A>(A*) { weight_product<A, T>(spec, x, dy, dweight, workspace); });
}

#define DMF_INSTANTIATE(T)                                                                       \
  template void conv2d_forward<T>(const Conv2dSpec&, In<T>, In<T>, InEpilogue<T>, View<T>,       \
                                  Workspace&);                                                   \
  template void conv2d_backward_data<T>(const Conv2dSpec&, In<T>, In<T>, InEpilogue<T>, View<T>, \
                                        Workspace&);                                             \
  template void conv2d_backward_weight<T>(const Conv2dSpec&, In<T>, In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf::cuda
