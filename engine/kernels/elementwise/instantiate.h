#pragma once

// Explicit instantiations of every element-wise kernel, shared by the backends of this folder.
// Include at the top of a backend's file; inside its namespace, after the definitions, expand
// DMF_INSTANTIATE_ELEMENTWISE for every scalar.

#define DMF_INSTANTIATE_UNARY(F, T)                                                \
  template void unary_forward<functors::F, T>(const functors::F&, In<T>, View<T>); \
  template void unary_backward<functors::F, T>(const functors::F&, In<T>, In<T>, View<T>);

#define DMF_INSTANTIATE_BINARY(F, T)                                                              \
  template void binary_forward<functors::F, T>(const functors::F&, In<T>, In<T>, View<T>);        \
  template void binary_backward<functors::F, T>(const functors::F&, In<T>, In<T>, In<T>, View<T>, \
                                                View<T>);

#define DMF_INSTANTIATE_ELEMENTWISE(T)                   \
  DMF_INSTANTIATE_UNARY(Relu, T)                         \
  DMF_INSTANTIATE_UNARY(Affine, T)                       \
  DMF_INSTANTIATE_BINARY(Add, T)                         \
  DMF_INSTANTIATE_BINARY(Subtract, T)                    \
  DMF_INSTANTIATE_BINARY(Multiply, T)                    \
  DMF_INSTANTIATE_BINARY(Divide, T)                      \
  template void accumulate<T>(In<T>, View<T>);           \
  template void broadcast<T>(In<T>, View<T>);            \
  template void convert<T, double>(In<T>, View<double>); \
  template void copy<T>(In<T>, View<T>);
