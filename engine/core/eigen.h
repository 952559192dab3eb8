#pragma once

// The one file that includes Eigen. The build defines EIGEN_DONT_PARALLELIZE for every target:
// parallel.h owns the threads. Installed headers include no Eigen, so that who uses an installed copy
// chooses his own; nor is this one installed.
#include <Eigen/Core>

#include "engine/core/shape.h"

namespace dmf {

/// One-dimensional and two-dimensional (row-major) arrays, and matrices, of a size found at run
/// time.
template <class T>
using Array = Eigen::Array<T, Eigen::Dynamic, 1>;
template <class T>
using Array2d = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Flat memory as an Eigen array expression.
template <class T>
Eigen::Map<Array<T>> as_array(T* data, Index count) {
  return {data, count};
}
template <class T>
Eigen::Map<const Array<T>> as_array(const T* data, Index count) {
  return {data, count};
}

/// Row-major [rows, cols] memory as an Eigen matrix.
template <class T>
Eigen::Map<Matrix<T>> as_matrix(T* data, Index rows, Index cols) {
  return {data, rows, cols};
}
template <class T>
Eigen::Map<const Matrix<T>> as_matrix(const T* data, Index rows, Index cols) {
  return {data, rows, cols};
}

}  // namespace dmf
