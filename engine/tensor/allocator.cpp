#include "engine/tensor/allocator.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <unordered_map>

#include "engine/core/check.h"

namespace dmf {
namespace {

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

class CachingAllocator {
 public:
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t want = block_size(bytes);
    // Best fit, but a block is not wasted on a request much smaller than itself.
    auto it = free_.lower_bound(want);
    if (it != free_.end() && it->first <= want + want / 4) {
      void* block = it->second;
      take(block, it->first);
      stats_.cached -= it->first;
      free_.erase(it);
      return block;
    }
    void* block = std::aligned_alloc(kAlignment, want);
    if (block == nullptr) {  // what is cached may be enough once it is given back
      release_locked();
      block = std::aligned_alloc(kAlignment, want);
    }
    DMF_CHECK(block != nullptr, DeviceError,
              "[memory] out of memory: asked for {:.1f} MB with {:.1f} MB in use. "
              "Use a smaller batch or image.",
              static_cast<double>(want) / 1e6, static_cast<double>(stats_.in_use) / 1e6);
    take(block, want);
    stats_.peak = std::max(stats_.peak, stats_.in_use + stats_.cached);
    return block;
  }

  void deallocate(void* block) noexcept {
    const std::lock_guard lock(mutex_);
    const auto it = live_.find(block);
    stats_.in_use -= it->second;
    stats_.cached += it->second;
    free_.emplace(it->second, block);
    live_.erase(it);
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak = stats_.in_use + stats_.cached;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    release_locked();
  }

 private:
  static std::size_t block_size(std::size_t bytes) {
    constexpr std::size_t kPage = 4096;
    return bytes <= kPage ? round_up(std::max<std::size_t>(bytes, 1), kAlignment)
                          : round_up(bytes, kPage);
  }

  void take(void* block, std::size_t size) {
    live_.emplace(block, size);
    stats_.in_use += size;
  }

  void release_locked() {
    for (const auto& [size, block] : free_) std::free(block);
    free_.clear();
    stats_.cached = 0;
  }

  std::mutex mutex_;
  std::multimap<std::size_t, void*> free_;
  std::unordered_map<void*, std::size_t> live_;
  MemoryStats stats_;
};

// Never destroyed: tensors with static lifetime may be released after any static object.
CachingAllocator& host_allocator() {
  static CachingAllocator& allocator = *new CachingAllocator;
  return allocator;
}

}  // namespace

void* allocate(Device, std::size_t bytes) {
  return host_allocator().allocate(bytes);
}
void deallocate(Device, void* block) noexcept {
  host_allocator().deallocate(block);
}
MemoryStats memory_stats(Device) {
  return host_allocator().stats();
}
void reset_memory_peak(Device) {
  host_allocator().reset_peak();
}
void release_cached_memory(Device) {
  host_allocator().release();
}

}  // namespace dmf
