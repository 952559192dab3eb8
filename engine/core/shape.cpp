#include "engine/core/shape.h"

#include <algorithm>
#include <limits>

#include "engine/core/check.h"

namespace dmf {

Shape::Shape(std::initializer_list<Index> dims)
    : Shape(std::span<const Index>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const Index> dims) {
  DMF_CHECK(dims.size() <= kMaxRank, ShapeError,
            "[shape] rank {} is too high: expected at most {}.", dims.size(), kMaxRank);
  rank_ = static_cast<int>(dims.size());
  std::copy(dims.begin(), dims.end(), dims_.begin());
  Index count = 1;
  for (Index d : dims) {
    DMF_CHECK(d >= 0, ShapeError, "[shape] negative dimension in {}: expected sizes >= 0.", str());
    DMF_CHECK(d == 0 || count <= std::numeric_limits<Index>::max() / d, ShapeError,
              "[shape] {} holds more elements than 64 bits can count.", str());
    count *= d;
  }
}

Index Shape::numel() const {
  Index count = 1;
  for (Index d : dims()) count *= d;
  return count;
}

Shape Shape::with(int axis, Index size) const {
  Shape copy = *this;
  copy.dims_[to_position(axis)] = size;
  return copy;
}

std::string Shape::str() const {
  return fmt::format("[{}]", fmt::join(dims(), ", "));
}

bool operator==(const Shape& a, const Shape& b) {
  return std::equal(a.dims().begin(), a.dims().end(), b.dims().begin(), b.dims().end());
}

}  // namespace dmf
