#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/core/shape.h"

namespace dmf {

/// How the elements of a float tensor lie in memory: as float, or rounded to half the size, which
/// only tensors on a CUDA device may be. Kernels compute in float either way.
enum class Storage : std::uint8_t { full, bfloat16 };

/// What a kernel takes: a pointer and a shape, contiguous and row-major. Owns nothing. An empty
/// view (data == nullptr) stands for an argument that is not there, such as a bias. With
/// Storage::bfloat16, data points to bfloat16 values in truth.
template <class T>
struct View {
  T* data = nullptr;
  Shape shape;
  Storage storage = Storage::full;

  View() = default;
  View(T* pointer, const Shape& dims, Storage stored = Storage::full)
      : data(pointer), shape(dims), storage(stored) {}
  /// A writable view may be read.
  template <class U>
  requires(std::is_same_v<T, const U>) View(const View<U>& other)
      : data(other.data), shape(other.shape), storage(other.storage) {}

  Index size(int axis) const { return shape[axis]; }
  Index numel() const { return shape.numel(); }
  explicit operator bool() const { return data != nullptr; }
};

template <class T>
using ConstView = View<const T>;

/// Keeps a view parameter out of template argument deduction, so that a View converts to it.
template <class T>
using In = std::type_identity_t<ConstView<T>>;

}  // namespace dmf
