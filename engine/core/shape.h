#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace dmf {

/// Every size, count and offset of the engine. 64 bits, since a batch of feature maps passes 2^31.
using Index = std::int64_t;

/// Dimensions of a tensor, outermost first. Activations are [N, H, W, C] (see NAMING.md).
class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;  // rank 0: one element, a scalar
  /// throws  ShapeError when the rank passes 8, a dimension is negative or the count overflows
  Shape(std::initializer_list<Index> dims);
  explicit Shape(std::span<const Index> dims);

  int rank() const { return rank_; }
  /// axis  0 .. rank-1, or -rank .. -1 counted from the end
  Index operator[](int axis) const { return dims_[to_position(axis)]; }
  Index numel() const;
  std::span<const Index> dims() const { return {dims_.data(), static_cast<std::size_t>(rank_)}; }

  /// The same shape with one dimension replaced.
  Shape with(int axis, Index size) const;

  /// "[8, 128, 128, 3]"
  std::string str() const;

  friend bool operator==(const Shape& a, const Shape& b);

 private:
  std::size_t to_position(int axis) const {
    assert(axis >= -rank_ && axis < rank_);
    return static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis);
  }

  std::array<Index, kMaxRank> dims_{};
  int rank_ = 0;
};

}  // namespace dmf
