#include <algorithm>
#include <boost/context/fiber.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

#include "engine/core/parallel.h"
#include "tests/cuda_emulator/machine.h"

namespace {

unsigned order_seed = 0;

[[noreturn]] void stop(const char* what) {
  std::fprintf(stderr, "CUDA emulator: %s (block %u,%u,%u, thread %u)\n", what, blockIdx.x,
               blockIdx.y, blockIdx.z, threadIdx.x);
  std::abort();
}

/// Position k of [0, count) in the order that was asked for: a walk with a stride that shares no
/// factor with count.
unsigned in_order(unsigned k, unsigned count) {
  if (order_seed == 0) return k;
  unsigned stride = 1 + order_seed * 7919U % count;
  const auto divisor = [](unsigned a, unsigned b) {
    while (b != 0) a = std::exchange(b, a % b);
    return a;
  };
  while (divisor(stride, count) != 1) ++stride;
  return (k * stride + order_seed) % count;
}

constexpr unsigned kWarp = 32;
constexpr std::size_t kExchange = 64;  // bytes that one lane can hand to the others at once
constexpr std::size_t kStack = std::size_t{128} << 10;

enum class State { ready, at_warp_barrier, at_block_barrier, done };

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes, valid;
};

struct Lane {
  boost::context::fiber fiber, scheduler;
  uint3 index;
  unsigned number;  // in the block
  State state = State::done;
  unsigned exchanges = 0;
  std::vector<Copy> open;
  std::deque<std::vector<Copy>> groups;
};

struct Warp {
  alignas(16) unsigned char slots[2][kWarp][kExchange];
};

/// Runs one block at a time; every operating-system thread has one.
class Machine {
 public:
  void run_block(const std::function<void()>& body, dim3 grid, dim3 block, unsigned number,
                 std::size_t shared_bytes) {
    body_ = &body;
    blockIdx = {number % grid.x, number / grid.x % grid.y, number / (grid.x * grid.y)};
    blockDim = block;
    gridDim = grid;
    const unsigned threads = block.x * block.y * block.z;
    while (lanes_.size() < threads) add_lane();
    warps_.resize((threads + kWarp - 1) / kWarp);
    // Shared memory starts as whatever was there; NaNs show a read of what nobody wrote.
    shared_.assign(shared_bytes / sizeof(std::uint64_t) + 1, ~std::uint64_t{0});
    for (unsigned t = 0; t < threads; ++t) {
      Lane& lane = *lanes_[t];
      lane.index = {t % block.x, t / block.x % block.y, t / (block.x * block.y)};
      lane.number = t;
      lane.state = State::ready;
      lane.exchanges = 0;
      lane.open.clear();
      lane.groups.clear();
    }
    const auto count = static_cast<unsigned>(warps_.size());
    for (;;) {
      for (unsigned w = 0; w < count; ++w) run_warp(in_order(w, count), threads);
      unsigned done = 0;
      for (unsigned t = 0; t < threads; ++t) done += lanes_[t]->state == State::done;
      if (done == threads) break;
      if (done != 0) stop("some threads wait at __syncthreads that others have passed by");
      for (unsigned t = 0; t < threads; ++t) lanes_[t]->state = State::ready;
    }
    now_ = nullptr;
  }

  Lane& now() { return *now_; }
  Warp& warp() { return warps_[now_->number / kWarp]; }
  void* shared() { return shared_.data(); }

  void wait(State at) {
    Lane& lane = *now_;
    lane.state = at;
    lane.scheduler = std::move(lane.scheduler).resume();
  }

 private:
  void add_lane() {
    lanes_.push_back(std::make_unique<Lane>());
    Lane* lane = lanes_.back().get();
    lane->fiber = boost::context::fiber(std::allocator_arg, boost::context::fixedsize_stack(kStack),
                                        [this, lane](boost::context::fiber&& scheduler) {
                                          lane->scheduler = std::move(scheduler);
                                          for (;;) {
                                            (*body_)();
                                            wait(State::done);
                                          }
                                          return std::move(lane->scheduler);
                                        });
  }

  void run_warp(unsigned warp, unsigned threads) {
    const unsigned first = warp * kWarp, count = std::min(kWarp, threads - first);
    for (;;) {
      for (unsigned k = 0; k < count; ++k) {
        Lane& lane = *lanes_[first + in_order(k, count)];
        if (lane.state != State::ready) continue;
        now_ = &lane;
        threadIdx = lane.index;
        lane.fiber = std::move(lane.fiber).resume();
      }
      unsigned waiting = 0;
      for (unsigned k = 0; k < count; ++k) {
        waiting += lanes_[first + k]->state == State::at_warp_barrier;
      }
      if (waiting == 0) return;
      if (waiting != count) stop("part of a warp takes part in a warp-wide operation");
      for (unsigned k = 0; k < count; ++k) lanes_[first + k]->state = State::ready;
    }
  }

  const std::function<void()>* body_ = nullptr;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Warp> warps_;
  std::vector<std::uint64_t> shared_;
  Lane* now_ = nullptr;
};

// Never destroyed: its fibers are suspended for good.
Machine& machine() {
  static thread_local Machine& mine = *new Machine;
  return mine;
}

}  // namespace

namespace emulator {

unsigned lane() {
  return machine().now().number % kWarp;
}
void set_order(unsigned seed) {
  order_seed = seed;
}
void sync_block() {
  machine().wait(State::at_block_barrier);
}
void sync_warp() {
  machine().wait(State::at_warp_barrier);
}
void* dynamic_shared() {
  return machine().shared();
}

const void* exchange(const void* mine, std::size_t bytes) {
  if (bytes > kExchange) stop("an exchange of more bytes than the emulator has room for");
  Lane& lane = machine().now();
  auto& slots = machine().warp().slots[lane.exchanges++ % 2];
  std::memcpy(slots[lane.number % kWarp], mine, bytes);
  sync_warp();
  return slots;
}
const void* exchanged_by(const void* exchanged, unsigned lane) {
  return static_cast<const unsigned char*>(exchanged) + lane * kExchange;
}

void copy_async(void* to, const void* from, std::size_t bytes, std::size_t valid_bytes) {
  if (reinterpret_cast<std::uintptr_t>(to) % bytes != 0 ||
      (valid_bytes > 0 && reinterpret_cast<std::uintptr_t>(from) % bytes != 0)) {
    stop("an asynchronous copy of misaligned addresses");
  }
  machine().now().open.push_back({to, from, bytes, valid_bytes});
}
void commit_copies() {
  Lane& lane = machine().now();
  lane.groups.push_back(std::exchange(lane.open, {}));
}
void wait_copies(int pending) {
  Lane& lane = machine().now();
  while (lane.groups.size() > static_cast<std::size_t>(pending)) {
    for (const Copy& copy : lane.groups.front()) {
      std::memset(copy.to, 0, copy.bytes);
      std::memcpy(copy.to, copy.from, copy.valid);
    }
    lane.groups.pop_front();
  }
}

void run_blocks(dim3 grid, dim3 block, std::size_t shared_bytes,
                const std::function<void()>& body) {
  const unsigned blocks = grid.x * grid.y * grid.z;
  dmf::parallel_for(blocks, [&](dmf::Index k) {
    machine().run_block(body, grid, block, in_order(static_cast<unsigned>(k), blocks),
                        shared_bytes);
  });
}

}  // namespace emulator
