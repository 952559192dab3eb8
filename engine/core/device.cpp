#include "engine/core/device.h"

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"

namespace dmf {

Device Device::cuda(int index) {
  const Device device(Kind::cuda, index);
  device_runtime::open(device);
  return device;
}

Device Device::parse(std::string_view text) {
  if (text == "cpu") return cpu();
  if (text == "reference") return reference();
  if (text == "cuda") return cuda(0);
  if (text.size() == 6 && text.starts_with("cuda:") && text[5] >= '0' && text[5] <= '9') {
    return cuda(text[5] - '0');
  }
  throw ValueError(fmt::format(
      "[device] unknown device: got '{}', expected cpu, reference, cuda or cuda:1.", text));
}

std::string Device::str() const {
  switch (kind_) {
    case Kind::cpu:
      return "cpu";
    case Kind::reference:
      return "reference";
    case Kind::cuda:
      break;
  }
  return fmt::format("cuda:{}", index_);
}

}  // namespace dmf
