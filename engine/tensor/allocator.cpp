#include "engine/tensor/allocator.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <set>

#include "engine/core/check.h"

namespace dmf {
namespace {

// Under the address sanitizer every request has a segment of its own, so that reading past a tensor
// is seen.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kSegment = 0;
#else
constexpr std::size_t kSegment = std::size_t{1} << 30;
#endif

/// Memory comes from the system in large segments, which are cut into blocks as requests come and
/// joined again as blocks are given back. A request takes the smallest free block that it fits into
/// and, of equals, the one at the lowest address. Segments are larger than most trainings need, so
/// that free neighbours are rarely parted by the end of one; what is never touched of a segment
/// costs no memory, since the system backs pages when they are first written to.
class CachingAllocator {
 public:
  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t want = round_up(std::max<std::size_t>(bytes, 1));
    auto fit = free_.lower_bound({want, nullptr});
    if (fit == free_.end()) {
      add_segment(want);
      fit = free_.lower_bound({want, nullptr});
    }
    char* const address = fit->second;
    free_.erase(fit);
    Block& block = blocks_.at(address);
    if (block.size > want) {
      blocks_.emplace(address + want, Block{block.size - want, true, false});
      free_.emplace(block.size - want, address + want);
      block.size = want;
    }
    block.free = false;
    stats_.in_use += want;
    stats_.peak = std::max(stats_.peak, stats_.in_use);
    return address;
  }

  void deallocate(void* pointer) noexcept {
    const std::lock_guard lock(mutex_);
    auto it = blocks_.find(static_cast<char*>(pointer));
    stats_.in_use -= it->second.size;
    it->second.free = true;
    const auto next = std::next(it);
    if (next != blocks_.end() && next->second.free && !next->second.begins_segment) {
      free_.erase({next->second.size, next->first});
      join(it, next);
    }
    if (it != blocks_.begin() && !it->second.begins_segment && std::prev(it)->second.free) {
      const auto before = std::prev(it);
      free_.erase({before->second.size, before->first});
      join(before, it);
      it = before;
    }
    free_.emplace(it->second.size, it->first);
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak = stats_.in_use;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    release_locked();
  }

 private:
  struct Block {
    std::size_t size;
    bool free;
    bool begins_segment;
  };
  using Blocks = std::map<char*, Block>;

  static std::size_t round_up(std::size_t bytes) {
    DMF_CHECK(bytes <= ~std::size_t{0} - kAlignment, DeviceError,
              "[memory] out of memory: asked for {} bytes.", bytes);
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  void join(Blocks::iterator first, Blocks::iterator second) {
    first->second.size += second->second.size;
    blocks_.erase(second);
  }

  void add_segment(std::size_t want) {
    std::size_t size = std::max(want, kSegment);
    void* segment = std::aligned_alloc(kAlignment, size);
    if (segment == nullptr) {
      release_locked();
      segment = std::aligned_alloc(kAlignment, size);
    }
    while (segment == nullptr && size > want) {  // smaller ones, where memory is limited
      size = std::max(want, round_up(size / 2));
      segment = std::aligned_alloc(kAlignment, size);
    }
    DMF_CHECK(segment != nullptr, DeviceError,
              "[memory] out of memory: asked for {:.1f} MB with {:.1f} MB in use. "
              "Use a smaller batch or image.",
              static_cast<double>(want) / 1e6, static_cast<double>(stats_.in_use) / 1e6);
    stats_.reserved += size;
    blocks_.emplace(static_cast<char*>(segment), Block{size, true, true});
    free_.emplace(size, static_cast<char*>(segment));
  }

  void release_locked() {
    for (auto it = blocks_.begin(); it != blocks_.end();) {
      const auto next = std::next(it);
      const bool whole = it->second.free && it->second.begins_segment &&
                         (next == blocks_.end() || next->second.begins_segment);
      if (whole) {
        stats_.reserved -= it->second.size;
        free_.erase({it->second.size, it->first});
        std::free(it->first);
        blocks_.erase(it);
      }
      it = next;
    }
  }

  std::mutex mutex_;
  Blocks blocks_;                                 // every block of every segment, by address
  std::set<std::pair<std::size_t, char*>> free_;  // by size, then address
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
