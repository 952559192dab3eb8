#pragma once

// Explicit instantiations of the optimisers' kernels, shared by the backends of this folder.
// Include inside the backend's namespace, after the definitions.

#define DMF_INSTANTIATE(T)                                                                         \
  template void gradient_norm<T>(std::span<const ConstView<T>>, double, View<double>, Workspace&); \
  template void adam_step<T>(const AdamSpec&, In<double>, In<double>,                              \
                             std::span<const AdamTensors<T>>, Workspace&);                         \
  template void sgd_step<T>(const SgdSpec&, In<double>, In<double>,                                \
                            std::span<const SgdTensors<T>>, Workspace&);                           \
  template void moving_average<T>(double, In<T>, View<T>);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE
