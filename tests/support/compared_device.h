#pragma once

#include <vector>

#include "engine/tensor/tensor.h"
#include "engine/tensor/workspace.h"
#include "tests/support/random_tensor.h"

// Files that compare the kernels of a device with their plain twins are built once for each device,
// whose name is DMF_BACKEND_DEVICE then.

namespace dmf {

inline Device device() {
  return Device::parse(DMF_BACKEND_DEVICE);
}
inline Workspace& workspace() {
  static Workspace shared(device());
  return shared;
}
inline Workspace& reference_workspace() {
  static Workspace shared(Device::cpu());
  return shared;
}

/// x where the backend can read it; kept until the program ends.
template <class T>
ConstView<T> in(const Tensor<T>& x) {
  static std::vector<Tensor<T>>& moved = *new std::vector<Tensor<T>>;
  moved.push_back(x.to(device()));
  return moved.back().cview();
}
/// An output of the backend that it has not written to.
template <class T>
Tensor<T> blank(const Shape& shape) {
  return unwritten<T>(shape).to(device());
}

}  // namespace dmf
