#pragma once

#include <string>
#include <string_view>

namespace dmf {

/// Where a tensor's memory lives, and whose kernels compute with it.
class Device {
 public:
  enum class Kind { cpu, reference, cuda };

  static Device cpu() { return Device(Kind::cpu, 0); }
  /// The CPU too, but with the plain kernels, which define what the fast ones must compute: one
  /// thread, no tricks, to be stepped through.
  static Device reference() { return Device(Kind::reference, 0); }
  /// throws  DeviceError: this build has no CUDA backend, or there is no such GPU
  static Device cuda(int index = 0);
  /// text    "cpu", "reference", "cuda" or "cuda:1"
  /// throws  ValueError for any other text; DeviceError where the device is not to be had
  static Device parse(std::string_view text);

  Kind kind() const { return kind_; }
  /// Memory of the host, where the CPU computes, by fast kernels or by plain ones.
  bool is_cpu() const { return kind_ != Kind::cuda; }
  int index() const { return index_; }
  std::string str() const;

  friend bool operator==(const Device&, const Device&) = default;

 private:
  Device(Kind kind, int index) : kind_(kind), index_(index) {}

  Kind kind_;
  int index_;
};

}  // namespace dmf
