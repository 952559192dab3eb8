#include "engine/tensor/tensor.h"

#include <algorithm>

#include "engine/core/check.h"
#include "engine/tensor/allocator.h"

namespace dmf {

template <class Scalar>
Tensor<Scalar>::Tensor(const Shape& shape, Device device)
    : storage_(allocate(device, static_cast<std::size_t>(shape.numel()) * sizeof(Scalar)),
               [device](void* block) { deallocate(device, block); }),
      shape_(shape),
      device_(device) {}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::zeros(const Shape& shape, Device device) {
  return full(shape, Scalar{0}, device);
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::full(const Shape& shape, Scalar value, Device device) {
  Tensor t(shape, device);
  t.fill(value);
  return t;
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::from(std::span<const Scalar> values, const Shape& shape) {
  DMF_CHECK(static_cast<Index>(values.size()) == shape.numel(), ShapeError,
            "[tensor] {} values do not fill shape {}: expected {}.", values.size(), shape.str(),
            shape.numel());
  Tensor t(shape);
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::reshape(const Shape& shape) const {
  DMF_CHECK(shape.numel() == numel(), ShapeError,
            "[reshape] {} cannot become {}: got {} elements, expected {}.", shape_.str(),
            shape.str(), numel(), shape.numel());
  Tensor t = *this;
  t.shape_ = shape;
  return t;
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::clone() const {
  Tensor t(shape_, device_);
  t.copy_from(*this);
  return t;
}

template <class Scalar>
void Tensor<Scalar>::copy_from(const Tensor& other) const {
  DMF_CHECK(other.shape() == shape_, ShapeError, "[copy] shapes differ: got {}, expected {}.",
            other.shape().str(), shape_.str());
  std::copy_n(other.data(), numel(), data());
}

template <class Scalar>
void Tensor<Scalar>::fill(Scalar value) const {
  std::fill_n(data(), numel(), value);
}

template <class Scalar>
Scalar Tensor<Scalar>::item() const {
  DMF_CHECK(numel() == 1, ShapeError, "[item] expected one element, got shape {}.", shape_.str());
  return data()[0];
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int32_t>;
template class Tensor<std::uint8_t>;

}  // namespace dmf
