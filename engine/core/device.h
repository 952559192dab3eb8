#pragma once

#include <string>
#include <string_view>

namespace dmf {

/// Where a tensor's memory lives.
class Device {
 public:
  enum class Kind { cpu, cuda };

  static Device cpu() { return Device(Kind::cpu, 0); }
  /// throws  DeviceError: this build has no CUDA backend, or there is no such GPU
  static Device cuda(int index = 0);
  /// text    "cpu", "cuda" or "cuda:1"
  /// throws  ValueError for any other text; DeviceError where the device is not to be had
  static Device parse(std::string_view text);

  Kind kind() const { return kind_; }
  bool is_cpu() const { return kind_ == Kind::cpu; }
  int index() const { return index_; }
  std::string str() const;

  friend bool operator==(const Device&, const Device&) = default;

 private:
  Device(Kind kind, int index) : kind_(kind), index_(index) {}

  Kind kind_;
  int index_;
};

}  // namespace dmf
