#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/support/call.h"
#include "engine/core/compute.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace dmf {

/// Runs a program: parses its command line into what `app` is bound to, then calls body().
///
/// Errors end as one line on standard error. Exit codes: 0 done, 1 failed, 2 wrong usage. Brings
/// --version, and a --help that fits the terminal.
int run_program(CLI::App& app, const Call& call, const std::function<int()>& body);

/// Adds --threads and --isa, applied before the body runs.
void add_processor_options(CLI::App& app);

/// The words for a Compute.
struct DeviceChoice {
  std::string device = "cpu";
  std::string precision = "tf32";

  /// Whether `precision` has an effect there.
  bool has_precision() const { return device.starts_with("cuda"); }
  /// throws  DeviceError where the device is not to be had
  Compute compute() const;
};

/// Why --precision is idle there.
constexpr const char* kCpuPrecision = "on the CPU, which computes in fp32";

/// Adds --device and --precision.
///
/// return  both, for a group or a help text of the caller's
std::vector<CLI::Option*> add_device_options(CLI::App& app, DeviceChoice& choice);

/// Warns of an option that is given in vain: "--precision has no effect on the CPU".
void warn_where_idle(const CLI::App& app, const std::string& option, bool is_idle,
                     const std::string& reason);

/// The CPU's kernels in use, which the last bits of results depend on: "x86-64-v3 (AVX2 and FMA)"; of a
/// build for one machine "native (AVX2 and FMA)".
std::string describe_kernels();

/// "2 threads, 256-bit vectors, kernels x86-64-v3 (AVX2 and FMA), OpenMP on"
std::string describe_machine();

/// Three lines: version and commit, how it computes here, which optional parts were built in.
std::string describe_build(const std::string& program);

}  // namespace dmf
