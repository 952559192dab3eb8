#pragma once

// Explicit instantiations, shared by the backends of this folder. Include inside the backend's
// namespace, after the definitions.

#define DMF_INSTANTIATE(T)                                                                         \
  template void pixel_terms_forward<T>(const PixelTermsSpec&, In<T>, In<std::int32_t>, In<double>, \
                                       View<T>, View<T>, View<double>, Workspace&);                \
  template void pixel_terms_backward<T>(const PixelTermsSpec&, In<T>, In<std::int32_t>,            \
                                        In<double>, In<double>, In<T>, View<T>, Workspace&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE
