#include "engine/tensor/allocator.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"

namespace dmf {
namespace {

// Under the address sanitizer every request has a segment of its own, so that reading past a tensor
// is seen.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kSegment = 0;
#elif defined(__EMSCRIPTEN__)
constexpr std::size_t kSegment = std::size_t{1} << 24;  // memory that it has given a page counts
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
  explicit CachingAllocator(Device device)
      : device_(device), alignment_(device.is_cpu() ? kAlignment : kDeviceAlignment) {}

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

  /// return  false for a block of another allocator
  bool deallocate(void* pointer) noexcept {
    const std::lock_guard lock(mutex_);
    auto it = blocks_.find(static_cast<char*>(pointer));
    if (it == blocks_.end()) return false;
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
    return true;
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

  std::size_t round_up(std::size_t bytes) const {
    DMF_CHECK(bytes <= ~std::size_t{0} - alignment_, OutOfMemory,
              "[memory] out of memory: asked for {} bytes.", bytes);
    return (bytes + alignment_ - 1) / alignment_ * alignment_;
  }

  void* system_allocate(std::size_t bytes) const {
    return device_.is_cpu() ? std::aligned_alloc(alignment_, bytes)
                            : device_runtime::allocate(device_, bytes);
  }
  void system_free(void* segment) const {
    if (device_.is_cpu()) {
      std::free(segment);
    } else {
      device_runtime::deallocate(device_, segment);
    }
  }

  void join(Blocks::iterator first, Blocks::iterator second) {
    first->second.size += second->second.size;
    blocks_.erase(second);
  }

  void add_segment(std::size_t want) {
    std::size_t size = std::max(want, kSegment);
    void* segment = system_allocate(size);
    if (segment == nullptr) {
      release_locked();
      segment = system_allocate(size);
    }
    while (segment == nullptr && size > want) {  // smaller ones, where memory is limited
      size = std::max(want, round_up(size / 2));
      segment = system_allocate(size);
    }
    DMF_CHECK(segment != nullptr, OutOfMemory,
              "[memory] out of memory on {}: asked for {:.1f} MB with {:.1f} MB in use. "
              "Use a smaller batch or image.",
              device_.str(), static_cast<double>(want) / 1e6,
              static_cast<double>(stats_.in_use) / 1e6);
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
        system_free(it->first);
        blocks_.erase(it);
      }
      it = next;
    }
  }

  Device device_;
  std::size_t alignment_;
  std::mutex mutex_;
  Blocks blocks_;                                 // every block of every segment, by address
  std::set<std::pair<std::size_t, char*>> free_;  // by size, then address
  MemoryStats stats_;
};

/// The allocators of one device: the one everybody shares, and those of the pools that live.
struct Allocators {
  explicit Allocators(Device device) : shared(device) {}

  CachingAllocator shared;
  std::mutex mutex;
  std::vector<std::shared_ptr<CachingAllocator>> pools;
};

// Never destroyed: tensors with static lifetime may be released after any static object.
Allocators& allocators(Device device) {
  static std::mutex mutex;
  static std::map<int, Allocators*>& all = *new std::map<int, Allocators*>;
  const std::lock_guard lock(mutex);
  Allocators*& found = all[device.is_cpu() ? -1 : device.index()];
  if (found == nullptr) found = new Allocators(device);
  return *found;
}

thread_local CachingAllocator* current_pool = nullptr;  // of a MemoryPool::Scope

}  // namespace

struct MemoryPool::Owned {
  std::shared_ptr<CachingAllocator> allocator;
};

MemoryPool::MemoryPool(Device device)
    : device_(device),
      owned_(std::make_unique<Owned>(Owned{std::make_shared<CachingAllocator>(device)})) {
  Allocators& all = allocators(device);
  const std::lock_guard lock(all.mutex);
  all.pools.push_back(owned_->allocator);
}

MemoryPool::~MemoryPool() {
  owned_->allocator->release();
  if (owned_->allocator->stats().in_use > 0)
    return;  // a tensor outlives the pool: so do its blocks
  Allocators& all = allocators(device_);
  const std::lock_guard lock(all.mutex);
  std::erase(all.pools, owned_->allocator);
}

MemoryPool::Scope::Scope(MemoryPool& pool)
    : before_(std::exchange(current_pool, pool.owned_->allocator.get())) {}
MemoryPool::Scope::~Scope() {
  current_pool = static_cast<CachingAllocator*>(before_);
}

void* allocate(Device device, std::size_t bytes) {
  if (!device.is_cpu() && current_pool != nullptr) return current_pool->allocate(bytes);
  return allocators(device).shared.allocate(bytes);
}

void deallocate(Device device, void* block) noexcept {
  Allocators& all = allocators(device);
  if (all.shared.deallocate(block)) return;
  const std::lock_guard lock(all.mutex);
  for (const auto& pool : all.pools) {
    if (pool->deallocate(block)) return;
  }
}

MemoryStats memory_stats(Device device) {
  Allocators& all = allocators(device);
  MemoryStats sum = all.shared.stats();
  const std::lock_guard lock(all.mutex);
  for (const auto& pool : all.pools) {
    const MemoryStats stats = pool->stats();
    sum.in_use += stats.in_use;
    sum.reserved += stats.reserved;
    sum.peak += stats.peak;
  }
  return sum;
}

void reset_memory_peak(Device device) {
  Allocators& all = allocators(device);
  all.shared.reset_peak();
  const std::lock_guard lock(all.mutex);
  for (const auto& pool : all.pools) pool->reset_peak();
}

void release_cached_memory(Device device) {
  allocators(device).shared.release();
}

}  // namespace dmf
