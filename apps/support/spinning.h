#pragma once

namespace dmf {

/// Bounds how long a thread that waits for the others keeps its core busy, by starting the program
/// once more, as the same process, with GOMP_SPINCOUNT set: GCC's OpenMP runtime reads it before
/// main(). To be called first of all. Returns where the user has set GOMP_SPINCOUNT or
/// OMP_WAIT_POLICY, where that is done already, and where the program cannot be started again.
void bound_spinning(char** argv);

}  // namespace dmf
