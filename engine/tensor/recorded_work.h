#pragma once

#include <utility>

#include "engine/core/device_runtime.h"

namespace dmf {

/// Work of a CUDA device that was recorded instead of being done, to be done again and again as
/// one: no op runs on the CPU for it any more. Everything it computes with must stay where it was
/// when it was recorded (see MemoryPool), and nothing may come back to the CPU within it.
class RecordedWork {
 public:
  /// Records what `work()` gives the device to do.
  template <class Work>
  RecordedWork(Device device, Work&& work) : device_(device) {
    device_runtime::begin_recording(device);
    try {
      work();
    } catch (...) {
      device_runtime::abandon_recording(device);
      throw;
    }
    recording_ = device_runtime::end_recording(device);
  }
  RecordedWork(RecordedWork&& other) noexcept
      : device_(other.device_), recording_(std::exchange(other.recording_, nullptr)) {}
  RecordedWork(const RecordedWork&) = delete;
  RecordedWork& operator=(const RecordedWork&) = delete;
  ~RecordedWork() { device_runtime::drop(recording_); }

  void replay() const { device_runtime::replay(device_, *recording_); }

 private:
  Device device_;
  device_runtime::Recording* recording_ = nullptr;
};

}  // namespace dmf
