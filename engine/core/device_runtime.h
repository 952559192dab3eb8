#pragma once

#include <cstddef>
#include <memory>

#include "engine/core/device.h"

// What the engine asks of devices that are not the CPU. One implementation is built in:
// engine/cuda's with -DDMF_CUDA=ON, else the one without devices (device_runtime_absent.cpp).

namespace dmf::device_runtime {

/// throws  DeviceError saying why the device cannot be used
void open(Device device);

/// return  memory of the device, or null when there is none left
/// throws  DeviceError when the device fails
void* allocate(Device device, std::size_t bytes);
void deallocate(Device device, void* memory) noexcept;

/// From one device to another or within one; either may be the CPU. In the order of the device's
/// other work; done when it returns if the CPU is the destination. What comes from the CPU may be
/// changed as soon as it returns.
///
/// throws  DeviceError when the device fails
void copy(Device to_device, void* to, Device from_device, const void* from, std::size_t bytes);

/// `count` copies of `pattern`, 1, 2, 4 or 8 bytes.
void fill(Device device, void* to, const void* pattern, std::size_t pattern_bytes,
          std::size_t count);

/// Waits until the device has done all its work.
void synchronize(Device device);

/// Work that was recorded (a CUDA graph): done again as one, with the same addresses and numbers.
class Recording;
/// From here on work is recorded and not done. No memory may come back to the CPU meanwhile.
void begin_recording(Device device);
bool is_recording(Device device);
/// return  what was recorded since; to be given to drop()
Recording* end_recording(Device device);
/// Ends a recording that failed; throws nothing.
void abandon_recording(Device device) noexcept;
void replay(Device device, const Recording& recording);
void drop(Recording* recording) noexcept;

/// Brings memory of the CPU to a device while the device works: copied into page-locked memory,
/// from there by the copy engine, and only then, in the order of the device's other work, to its
/// place. There is room for two at a time.
class Upload {
 public:
  /// bytes  the most that send() is given
  Upload(Device device, std::size_t bytes);
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  /// `from` may be changed as soon as it returns.
  void send(const void* from, std::size_t bytes);
  /// Puts what was sent longest ago at `to`.
  void receive(void* to);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Memory {
  std::size_t free, total;  // bytes
};
Memory memory(Device device);

/// "NVIDIA H200, compute capability 9.0"
std::string description(Device device);

}  // namespace dmf::device_runtime
