#pragma once

#include <memory>
#include <span>

#include "engine/core/device.h"
#include "engine/core/shape.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Dense row-major array on one device, 64-byte aligned. Copying copies the handle, both handles
/// see the same elements; clone() copies the elements. Scalars: float, double, std::int32_t
/// (labels) and std::uint8_t.
template <class Scalar>
class Tensor {
 public:
  Tensor() = default;                                                  // empty: defined() is false
  explicit Tensor(const Shape& shape, Device device = Device::cpu());  // not initialised

  static Tensor zeros(const Shape& shape, Device device = Device::cpu());
  static Tensor full(const Shape& shape, Scalar value, Device device = Device::cpu());
  /// throws  ShapeError if the count of values is not the shape's
  static Tensor from(std::span<const Scalar> values, const Shape& shape);
  static Tensor scalar(Scalar value) { return full(Shape{1}, value); }

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  Index size(int axis) const { return shape_[axis]; }
  Index numel() const { return defined() ? shape_.numel() : 0; }
  Device device() const { return device_; }

  /// Valid while a handle to the storage lives. Elements may be written through any handle.
  Scalar* data() const { return static_cast<Scalar*>(storage_.get()); }
  View<Scalar> view() const { return {data(), shape_}; }
  ConstView<Scalar> cview() const { return {data(), shape_}; }
  std::span<Scalar> span() const { return {data(), static_cast<std::size_t>(numel())}; }

  /// The same elements under another shape of equal count.
  Tensor reshape(const Shape& shape) const;
  Tensor clone() const;
  /// Copies the elements of `other`, which must have this shape.
  void copy_from(const Tensor& other) const;
  void fill(Scalar value) const;
  /// return  the single element of a tensor that has one
  /// throws  ShapeError unless numel() == 1
  Scalar item() const;
  /// True when the storage has no other handle.
  bool unique() const { return storage_.use_count() == 1; }

 private:
  std::shared_ptr<void> storage_;
  Shape shape_;
  Device device_ = Device::cpu();
};

/// The elements converted to another scalar type.
template <class To, class From>
Tensor<To> cast(const Tensor<From>& from) {
  Tensor<To> to(from.shape(), from.device());
  for (Index i = 0; i < from.numel(); ++i) to.data()[i] = static_cast<To>(from.data()[i]);
  return to;
}

}  // namespace dmf
