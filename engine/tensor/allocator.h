#pragma once

#include <cstddef>
#include <memory>

#include "engine/core/device.h"

namespace dmf {

/// Bytes handed out by the caching allocator of one device.
struct MemoryStats {
  std::size_t in_use = 0;    // held by live tensors and workspaces
  std::size_t reserved = 0;  // taken from the system, in use or kept for the next request
  std::size_t peak = 0;      // largest in_use since the start or reset_memory_peak()
};

inline constexpr std::size_t kAlignment = 64;         // a cache line, and the widest vector
inline constexpr std::size_t kDeviceAlignment = 256;  // what cudaMalloc gives

/// Memory of at least `bytes`, aligned to kAlignment, not initialised. A training step asks for the
/// same sizes over and over; memory given back is kept and handed out again, which spares the page
/// faults of fresh memory.
///
/// throws  OutOfMemory when the system has no more memory, naming the request and what is held
void* allocate(Device device, std::size_t bytes);
void deallocate(Device device, void* block) noexcept;

MemoryStats memory_stats(Device device);
void reset_memory_peak(Device device);
/// Gives what no tensor holds back to the system.
void release_cached_memory(Device device);

/// Memory of a CUDA device that is handed out within a Scope and kept apart as long as the pool
/// lives, so that the addresses a CUDA graph has recorded stay its own.
class MemoryPool {
 public:
  explicit MemoryPool(Device device);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// While one lives, allocate() on this thread takes from the pool.
  class Scope {
   public:
    explicit Scope(MemoryPool& pool);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    void* before_;
  };

 private:
  struct Owned;
  Device device_;
  std::unique_ptr<Owned> owned_;
};

}  // namespace dmf
