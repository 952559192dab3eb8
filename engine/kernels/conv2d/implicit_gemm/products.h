#pragma once

#include "engine/kernels/conv2d/conv2d.h"

// The products of problem.h, one set of functions for each arithmetic. Every one takes views of the
// storage that its name says; weights, epilogues and dweight are always in full.

namespace dmf::cuda {

/// The number types of a product: how elements lie in memory, and on which cores they meet.
struct Tf32;
struct Bf16;
struct Fp32;
struct Fp64;

/// target = epilogue(gather product); `data` says which pass: false for the forward one, where
/// source is x and target y, true for the data gradient, where source is dy and target dx.
template <class Arithmetic, class T>
void gather_product(const Conv2dSpec& spec, bool data, In<T> source, In<T> weight,
                    InEpilogue<T> epilogue, View<T> target, Workspace& workspace);

template <class Arithmetic, class T>
void weight_product(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                    Workspace& workspace);

}  // namespace dmf::cuda
