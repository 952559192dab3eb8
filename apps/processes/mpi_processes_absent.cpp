#include "apps/processes/processes.h"
#include "engine/core/check.h"

namespace dmf {

std::unique_ptr<Processes> connect_processes() {
  const int launched = launched_processes();
  DMF_CHECK(
      launched == 1, DeviceError,
      "[processes] started as one of {}, but built without MPI: all would write to one folder. "
      "Install libopenmpi-dev and build again, or start one process.",
      launched);
  return std::make_unique<OneProcess>();
}

}  // namespace dmf
