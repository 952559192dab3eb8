#include "engine/tensor/tensor.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/core/bfloat16.h"
#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/tensor/allocator.h"

namespace dmf {
namespace {

void copy_bytes(Device to_device, void* to, Device from_device, const void* from,
                std::size_t bytes) {
  if (bytes == 0) return;
  if (to_device.is_cpu() && from_device.is_cpu()) {
    std::memcpy(to, from, bytes);
  } else {
    device_runtime::copy(to_device, to, from_device, from, bytes);
  }
}

}  // namespace

template <class Scalar>
Tensor<Scalar>::Tensor(const Shape& shape, Device device, Storage storage)
    : shape_(shape), device_(device), kept_as_(storage) {
  storage_ = std::shared_ptr<void>(allocate(device, bytes()),
                                   [device](void* block) { deallocate(device, block); });
}

template <class Scalar>
std::size_t Tensor<Scalar>::bytes() const {
  return static_cast<std::size_t>(shape_.numel()) *
         (kept_as_ == Storage::full ? sizeof(Scalar) : sizeof(bfloat16));
}

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
Tensor<Scalar> Tensor<Scalar>::from(std::span<const Scalar> values, const Shape& shape,
                                    Device device) {
  DMF_CHECK(static_cast<Index>(values.size()) == shape.numel(), ShapeError,
            "[tensor] {} values do not fill shape {}: expected {}.", values.size(), shape.str(),
            shape.numel());
  Tensor t(shape, device);
  copy_bytes(device, t.data(), Device::cpu(), values.data(), t.bytes());
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
Tensor<Scalar> Tensor<Scalar>::section(Index first, const Shape& shape) const {
  DMF_CHECK(first >= 0 && first + shape.numel() <= numel(), ShapeError,
            "[tensor] {} from element {} on is more than {} has.", shape.str(), first,
            shape_.str());
  Tensor t = *this;
  t.shape_ = shape;
  const std::size_t each = kept_as_ == Storage::full ? sizeof(Scalar) : sizeof(bfloat16);
  t.storage_ = std::shared_ptr<void>(
      storage_, static_cast<char*>(storage_.get()) + static_cast<std::size_t>(first) * each);
  return t;
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::slice(Index index) const {
  const Shape shape(shape_.dims().subspan(1));
  return section(index * shape.numel(), shape);
}

template <class Scalar>
std::span<Scalar> Tensor<Scalar>::span() const {
  DMF_CHECK(device_.is_cpu(), DeviceError, "[tensor] {} lives on {}: expected the CPU. Copy it.",
            shape_.str(), device_.str());
  return {data(), static_cast<std::size_t>(numel())};
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::clone() const {
  Tensor t = like(shape_);
  t.copy_from(*this);
  return t;
}

template <class Scalar>
Tensor<Scalar> Tensor<Scalar>::to(Device device) const {
  if (!defined() || device == device_) return *this;
  Tensor t(shape_, device);
  t.copy_from(*this);
  return t;
}

template <class Scalar>
void Tensor<Scalar>::copy_from(const Tensor& other) const {
  DMF_CHECK(other.shape() == shape_, ShapeError, "[copy] shapes differ: got {}, expected {}.",
            other.shape().str(), shape_.str());
  if (kept_as_ == other.kept_as_) {
    copy_bytes(device_, storage_.get(), other.device_, other.storage_.get(), bytes());
    return;
  }
  // Two ways of storing the elements: by way of the CPU, which tests and predictions alone need.
  const auto count = static_cast<std::size_t>(numel());
  std::vector<bfloat16> halves(count);
  std::vector<Scalar> values(count);
  if (kept_as_ == Storage::full) {
    copy_bytes(Device::cpu(), halves.data(), other.device_, other.storage_.get(), other.bytes());
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = static_cast<Scalar>(static_cast<float>(halves[i]));
    }
    copy_bytes(device_, data(), Device::cpu(), values.data(), bytes());
  } else {
    copy_bytes(Device::cpu(), values.data(), other.device_, other.data(), other.bytes());
    for (std::size_t i = 0; i < count; ++i) halves[i] = bfloat16(static_cast<float>(values[i]));
    copy_bytes(device_, storage_.get(), Device::cpu(), halves.data(), bytes());
  }
}

template <class Scalar>
void Tensor<Scalar>::fill(Scalar value) const {
  const auto count = static_cast<std::size_t>(numel());
  if (device_.is_cpu()) {
    std::fill_n(data(), count, value);
  } else if (kept_as_ == Storage::full) {
    device_runtime::fill(device_, data(), &value, sizeof(Scalar), count);
  } else {
    const bfloat16 half(static_cast<float>(value));
    device_runtime::fill(device_, storage_.get(), &half, sizeof(bfloat16), count);
  }
}

template <class Scalar>
Scalar Tensor<Scalar>::item() const {
  DMF_CHECK(numel() == 1, ShapeError, "[item] expected one element, got shape {}.", shape_.str());
  return to(Device::cpu()).data()[0];
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int32_t>;
template class Tensor<std::uint8_t>;

}  // namespace dmf
