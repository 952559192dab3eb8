#include "apps/support/machine_limits.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "engine/core/device_runtime.h"
#include "engine/tensor/allocator.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

double memory_left(const fs::path& group, const char* limit, const char* used, const char* cached) {
  const double most = first_number(group / limit, kUnlimited);
  if (most >= 1e18) return kUnlimited;  // how version 1 says so
  return most - first_number(group / used, 0.0) + number_after(group / "memory.stat", cached, 0.0);
}

double cores_of(double quota, double period) {
  return quota > 0.0 && period > 0.0 ? quota / period : kUnlimited;
}

GroupLimits limits_of(const fs::path& group) {
  GroupLimits limits{kUnlimited, kUnlimited};
  limits.memory_left = std::min(
      memory_left(group, "memory.max", "memory.current", "inactive_file"),
      memory_left(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"));
  std::ifstream version_2(group / "cpu.max");  // "150000 100000"
  double quota = 0.0, period = 0.0;
  if (version_2 >> quota >> period) limits.cores = cores_of(quota, period);
  limits.cores = std::min(limits.cores, cores_of(first_number(group / "cpu.cfs_quota_us", -1.0),
                                                 first_number(group / "cpu.cfs_period_us", 0.0)));
  return limits;
}

}  // namespace

double first_number(const fs::path& path, double otherwise) {
  std::ifstream file(path);
  double value = 0.0;
  return file >> value ? value : otherwise;
}

double number_after(const fs::path& path, const std::string& name, double otherwise) {
  std::ifstream file(path);
  double value = 0.0;
  for (std::string word; file >> word;) {
    if (word == name && file >> value) return value;
  }
  return otherwise;
}

GroupLimits group_limits(const fs::path& root) {
  GroupLimits all{kUnlimited, kUnlimited};
  std::ifstream groups(root / "proc/self/cgroup");  // "0::/a/b", "4:memory:/a/b"
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const fs::path top =
        root / "sys/fs/cgroup" / line.substr(first + 1, second - first - 1);  // "" in version 2
    // A container sees its own group as the topmost; one that is not visible has no files.
    fs::path below = fs::path(line.substr(second + 1)).relative_path();
    for (;; below = below.parent_path()) {
      const GroupLimits own = limits_of(top / below);
      all.cores = std::min(all.cores, own.cores);
      all.memory_left = std::min(all.memory_left, own.memory_left);
      if (below.empty()) break;
    }
  }
  return all;
}

int usable_cores() {
  cpu_set_t allowed;
  const int of_affinity = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0
                              ? CPU_COUNT(&allowed)
                              : static_cast<int>(std::thread::hardware_concurrency());
  const double share = std::min(std::ceil(group_limits().cores), 1e6);
  return std::max(1, std::min(of_affinity, static_cast<int>(share)));
}

double available_memory(Device device) {
  if (!device.is_cpu()) {
    const MemoryStats stats = memory_stats(device);
    return static_cast<double>(device_runtime::memory(device).free + stats.reserved - stats.in_use);
  }
  constexpr double kKilobyte = 1024.0;
  double free = number_after("/proc/meminfo", "MemAvailable:", kUnlimited) * kKilobyte;
  free = std::min(free, group_limits().memory_left);
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    const MemoryStats stats = memory_stats(Device::cpu());
    const auto held = static_cast<double>(stats.reserved - stats.in_use);  // ours to use again
    const double pages = first_number("/proc/self/statm", kUnlimited);
    const double taken =
        pages < kUnlimited ? pages * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0.0;
    free = std::min(free, static_cast<double>(limit.rlim_cur) - taken + held);
  }
  return std::max(0.0, free);
}

}  // namespace dmf
