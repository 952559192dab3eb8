#pragma once

// The one file that includes Eigen. The build defines EIGEN_DONT_PARALLELIZE for every target:
// parallel.h owns the threads.
#include <Eigen/Core>

#include "engine/core/shape.h"

namespace dmf {

template <class T>
using ArrayMap = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using ConstArrayMap = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

/// Flat memory as an Eigen array expression.
template <class T>
ArrayMap<T> as_array(T* data, Index count) {
  return {data, count};
}
template <class T>
ConstArrayMap<T> as_array(const T* data, Index count) {
  return {data, count};
}

/// Row-major [rows, cols] memory as an Eigen matrix.
template <class T>
using MatrixMap = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
template <class T>
using ConstMatrixMap =
    Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

}  // namespace dmf
