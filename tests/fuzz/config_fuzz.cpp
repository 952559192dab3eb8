#include <cstddef>
#include <cstdint>

#include "apps/options/config_file.h"
#include "engine/core/check.h"

// Any text is a configuration, which can be changed, or an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    dmf::parse_config(text, "fuzz");
    dmf::parse_config(dmf::with_options(text, {{"lr", "0.5"}, {"losses", "cce,focal"}}), "changed");
  } catch (const dmf::IoError&) {
  }
  return 0;
}
