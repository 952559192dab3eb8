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

/// Adds --threads, applied before the body runs.
void add_threads_option(CLI::App& app);

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

/// "2 threads, 256-bit vectors, OpenMP on"
std::string describe_machine();

/// Three lines: version and commit, how it computes here, which optional parts were built in.
std::string describe_build(const std::string& program);

}  // namespace dmf
