#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/core/bfloat16.h"
#include "engine/core/shape.h"

namespace dmf {

/// How the elements of a float tensor lie in memory: as float, or rounded to half the size, which
/// only tensors on a CUDA device may be. Kernels compute in float either way.
enum class Storage : std::uint8_t { full, bfloat16 };

/// What a kernel takes: a pointer and a shape, contiguous and row-major. Owns nothing. An empty
/// view stands for an argument that is not there, such as a bias.
template <class T>
struct View {
  using Half = std::conditional_t<std::is_const_v<T>, const bfloat16, bfloat16>;

  // One of them, by the storage; the other is null.
  T* data = nullptr;
  Half* halves = nullptr;
  Shape shape;
  Storage storage = Storage::full;

  View() = default;
  /// Of a result that nobody asks for.
  explicit View(const Shape& dims) : shape(dims) {}
  View(T* pointer, const Shape& dims) : data(pointer), shape(dims) {}
  View(Half* pointer, const Shape& dims)
      : halves(pointer), shape(dims), storage(Storage::bfloat16) {}
  /// A writable view may be read.
  template <class U>
  requires(std::is_same_v<T, const U>) View(const View<U>& other)
      : data(other.data), halves(other.halves), shape(other.shape), storage(other.storage) {}

  Index size(int axis) const { return shape[axis]; }
  Index numel() const { return shape.numel(); }
  explicit operator bool() const { return data != nullptr || halves != nullptr; }
};

template <class T>
using ConstView = View<const T>;

/// Keeps a view parameter out of template argument deduction, so that a View converts to it.
template <class T>
using In = std::type_identity_t<ConstView<T>>;

}  // namespace dmf
