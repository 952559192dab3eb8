#pragma once

#include "engine/core/check.h"
#include "engine/core/eigen.h"
#include "engine/tensor/tensor.h"

namespace dmf {

// Tensors, and the views that kernels take, as Eigen expressions: no copy, the same elements.

/// All elements in row-major order, [numel]; none of an empty view.
///
/// throws  ValueError where they are not stored in full
template <class T>
auto array(const View<T>& x) {
  DMF_CHECK(x.storage == Storage::full, ValueError,
            "[eigen] {} is stored as bfloat16: expected full storage. Convert it with store_as.",
            x.shape.str());
  return as_array(x.data, x ? x.numel() : Index{0});
}

/// The elements as a row-major [rows, cols] matrix, [N*H*W, C] of images for example.
///
/// throws  ShapeError unless rows * cols is their count; ValueError where they are not stored in
///         full
template <class T>
auto matrix(const View<T>& x, Index rows, Index cols) {
  DMF_CHECK(x.storage == Storage::full, ValueError,
            "[eigen] {} is stored as bfloat16: expected full storage. Convert it with store_as.",
            x.shape.str());
  DMF_CHECK(rows >= 0 && cols >= 0 && rows * cols == x.numel(), ShapeError,
            "[eigen] {} is no {} x {} matrix: got {} elements, expected {}.", x.shape.str(), rows,
            cols, x.numel(), rows * cols);
  return as_matrix(x.data, rows, cols);
}

/// The last axis as columns: images [N, H, W, C] become [N*H*W, C], one pixel a row.
template <class T>
auto pixels(const View<T>& x) {
  const Index C = x.size(-1);
  return matrix(x, C == 0 ? 0 : x.numel() / C, C);
}

/// throws  DeviceError unless the elements are the CPU's to read and write; else as for views
template <class Scalar>
auto array(const Tensor<Scalar>& x) {
  x.span();
  return array(x.view());
}
template <class Scalar>
auto matrix(const Tensor<Scalar>& x, Index rows, Index cols) {
  x.span();
  return matrix(x.view(), rows, cols);
}

}  // namespace dmf
