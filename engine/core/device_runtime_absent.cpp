#include "engine/core/check.h"
#include "engine/core/device_runtime.h"

// Nothing but open() is ever called: it throws, so that no tensor can live on such a device.

namespace dmf::device_runtime {

void open(Device device) {
  throw DeviceError(fmt::format(
      "[device] {} is not available: this build has only the CPU backend. Build with CUDA (cmake "
      "--preset cuda), or use cpu.",
      device.str()));
}

void* allocate(Device, std::size_t) {
  return nullptr;
}
void deallocate(Device, void*) noexcept {}
void copy(Device device, void*, Device, const void*, std::size_t) {
  open(device);
}
void fill(Device device, void*, const void*, std::size_t, std::size_t) {
  open(device);
}
void synchronize(Device) {}
void begin_recording(Device device) {
  open(device);
}
bool is_recording(Device) {
  return false;
}
Recording* end_recording(Device) {
  return nullptr;
}
void abandon_recording(Device) noexcept {}
void replay(Device device, const Recording&) {
  open(device);
}
void drop(Recording*) noexcept {}
struct Upload::State {};
Upload::Upload(Device device, std::size_t) {
  open(device);
}
Upload::~Upload() = default;
void Upload::send(const void*, std::size_t) {}
void Upload::receive(void*) {}
Memory memory(Device) {
  return {0, 0};
}
std::string description(Device) {
  return "none";
}

}  // namespace dmf::device_runtime
