#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "engine/core/check.h"
#include "engine/io/safetensors.h"

// Any bytes are a sound file, whose tensors can be read and which is written and read again as the
// same, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dmf::Safetensors content;
  try {
    content = dmf::parse_safetensors({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const dmf::IoError&) {
    return 0;
  }
  for (const auto& [name, tensor] : content.tensors) {
    try {
      content.get<float>(name);
    } catch (const dmf::IoError&) {
    }
  }
  const std::string bytes = dmf::to_bytes(content);
  if (dmf::to_bytes(dmf::parse_safetensors(bytes, "again")) != bytes) std::abort();
  return 0;
}
