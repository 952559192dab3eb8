#pragma once

#include <cassert>
#include <memory>
#include <span>

#include "engine/core/device.h"
#include "engine/core/shape.h"
#include "engine/tensor/view.h"

namespace dmf {

/// Dense row-major array on one device, 64-byte aligned. Copying copies the handle, both handles
/// see the same elements; clone() copies the elements. Scalars: float, double, std::int32_t
/// (labels) and std::uint8_t. Elements on another device than the CPU are reached through kernels
/// and copies alone.
template <class Scalar>
class Tensor {
 public:
  Tensor() = default;  // empty: defined() is false
  explicit Tensor(const Shape& shape, Device device = Device::cpu(),
                  Storage storage = Storage::full);  // not initialised

  static Tensor zeros(const Shape& shape, Device device = Device::cpu());
  static Tensor full(const Shape& shape, Scalar value, Device device = Device::cpu());
  /// throws  ShapeError if the count of values is not the shape's
  static Tensor from(std::span<const Scalar> values, const Shape& shape,
                     Device device = Device::cpu());
  static Tensor scalar(Scalar value) { return full(Shape{1}, value); }

  bool defined() const { return storage_ != nullptr; }
  const Shape& shape() const { return shape_; }
  Index size(int axis) const { return shape_[axis]; }
  Index numel() const { return defined() ? shape_.numel() : 0; }
  Device device() const { return device_; }
  Storage storage() const { return kept_as_; }
  /// Not initialised, on the same device and stored in the same way.
  Tensor like(const Shape& shape) const { return Tensor(shape, device_, kept_as_); }

  /// Of elements in full storage; valid while a handle to them lives. They may be written through any
  /// handle.
  Scalar* data() const {
    assert(kept_as_ == Storage::full);
    return static_cast<Scalar*>(storage_.get());
  }
  View<Scalar> view() const {
    if (kept_as_ == Storage::full) return {data(), shape_};
    return {static_cast<bfloat16*>(storage_.get()), shape_};
  }
  ConstView<Scalar> cview() const { return view(); }
  /// throws  DeviceError unless the elements are the CPU's to read
  std::span<Scalar> span() const;

  /// The same elements under another shape of equal count.
  Tensor reshape(const Shape& shape) const;
  /// The elements from `first` on, seen through another handle in another shape.
  Tensor section(Index first, const Shape& shape) const;
  /// Those at `index` of the first axis.
  Tensor slice(Index index) const;
  Tensor clone() const;
  /// This tensor where it lives on that device already, else a copy there, in full storage.
  Tensor to(Device device) const;
  /// Copies the elements of `other`, which must have this shape; it may live on another device.
  void copy_from(const Tensor& other) const;
  void fill(Scalar value) const;
  /// return  the single element of a tensor that has one
  /// throws  ShapeError unless numel() == 1
  Scalar item() const;
  /// True when the storage has no other handle.
  bool unique() const { return storage_.use_count() == 1; }

 private:
  std::size_t bytes() const;

  std::shared_ptr<void> storage_;
  Shape shape_;
  Device device_ = Device::cpu();
  Storage kept_as_ = Storage::full;
};

/// The elements converted to another scalar type, by the CPU.
template <class To, class From>
Tensor<To> cast(const Tensor<From>& from) {
  const Tensor<From> here = from.to(Device::cpu());
  Tensor<To> to(from.shape());
  for (Index i = 0; i < from.numel(); ++i) to.data()[i] = static_cast<To>(here.data()[i]);
  return to.to(from.device());
}

}  // namespace dmf
