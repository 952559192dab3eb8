#pragma once

#include <cassert>
#include <vector>

#include "engine/core/device.h"
#include "engine/core/shape.h"
#include "engine/tensor/allocator.h"

namespace dmf {

/// Scratch memory of one kernel call, taken from the device's caching allocator and given back when
/// the workspace goes. An op makes one on its stack and hands it to the kernel.
class Workspace {
 public:
  explicit Workspace(Device device) : device_(device) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;
  ~Workspace() {
    for (void* block : blocks_) deallocate(device_, block);
  }

  Device device() const { return device_; }

  /// count elements, 64-byte aligned, not initialised
  template <class T>
  T* take(Index count) {
    assert(count >= 0);
    blocks_.reserve(blocks_.size() + 1);  // so that the block cannot be lost to a throw
    blocks_.push_back(allocate(device_, static_cast<std::size_t>(count) * sizeof(T)));
    return static_cast<T*>(blocks_.back());
  }

 private:
  Device device_;
  std::vector<void*> blocks_;
};

}  // namespace dmf
