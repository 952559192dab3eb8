#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "engine/core/check.h"
#include "engine/core/device.h"

/// Runs the suite; one that needs a device which is not there is skipped with the reason (77, as
/// CTest is told).
int main(int argc, char** argv) {
  if (const char* device = std::getenv("DMF_TEST_DEVICE")) {
    try {
      dmf::Device::parse(device);
    } catch (const dmf::Error& missing) {
      std::printf("skipped: %s\n", missing.what());
      return 77;
    }
  }
  doctest::Context context(argc, argv);
  return context.run();
}
