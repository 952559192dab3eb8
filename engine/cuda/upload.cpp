#include <cstring>

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/cuda/check.h"
#include "engine/cuda/context.h"

namespace dmf::device_runtime {

/// Slots are filled and emptied in turn.
struct Upload::State {
  struct Slot {
    void *pinned = nullptr, *there = nullptr;
    std::size_t bytes = 0;
    cudaEvent_t arrived = nullptr, emptied = nullptr;
  };

  Slot slots[2];
  std::size_t capacity = 0, sent = 0, received = 0;
  cudaStream_t stream = nullptr;

  ~State() {  // errors were seen where they happened
    if (stream != nullptr) static_cast<void>(cudaStreamSynchronize(stream));
    for (Slot& slot : slots) {
      if (slot.arrived != nullptr) static_cast<void>(cudaEventDestroy(slot.arrived));
      if (slot.emptied != nullptr) static_cast<void>(cudaEventDestroy(slot.emptied));
      if (slot.pinned != nullptr) static_cast<void>(cudaFreeHost(slot.pinned));
      if (slot.there != nullptr) static_cast<void>(cudaFree(slot.there));
    }
    if (stream != nullptr) static_cast<void>(cudaStreamDestroy(stream));
  }
};

Upload::Upload(Device, std::size_t bytes) : state_(std::make_unique<State>()) {
  state_->capacity = bytes;
  DMF_CUDA_CHECK(cudaStreamCreateWithFlags(&state_->stream, cudaStreamNonBlocking));
  for (State::Slot& slot : state_->slots) {
    DMF_CUDA_CHECK(cudaMallocHost(&slot.pinned, bytes));
    DMF_CUDA_CHECK(cudaMalloc(&slot.there, bytes));
    DMF_CUDA_CHECK(cudaEventCreateWithFlags(&slot.arrived, cudaEventDisableTiming));
    DMF_CUDA_CHECK(cudaEventCreateWithFlags(&slot.emptied, cudaEventDisableTiming));
  }
}

Upload::~Upload() = default;

void Upload::send(const void* from, std::size_t bytes) {
  State& s = *state_;
  DMF_CHECK(bytes <= s.capacity && s.sent - s.received < 2, ValueError,
            "[upload] {} bytes after {} that wait: expected at most {}, and two at a time.", bytes,
            s.sent - s.received, s.capacity);
  State::Slot& slot = s.slots[s.sent++ % 2];
  // The copy engine may still read the page-locked memory, and the device what it filled last.
  DMF_CUDA_CHECK(cudaEventSynchronize(slot.arrived));
  DMF_CUDA_CHECK(cudaStreamWaitEvent(s.stream, slot.emptied, 0));
  std::memcpy(slot.pinned, from, bytes);
  slot.bytes = bytes;
  DMF_CUDA_CHECK(cudaMemcpyAsync(slot.there, slot.pinned, bytes, cudaMemcpyHostToDevice, s.stream));
  DMF_CUDA_CHECK(cudaEventRecord(slot.arrived, s.stream));
}

void Upload::receive(void* to) {
  State& s = *state_;
  DMF_CHECK(s.sent > s.received, ValueError, "[upload] nothing was sent that could be received.");
  State::Slot& slot = s.slots[s.received++ % 2];
  DMF_CUDA_CHECK(cudaStreamWaitEvent(cuda::stream(), slot.arrived, 0));
  DMF_CUDA_CHECK(
      cudaMemcpyAsync(to, slot.there, slot.bytes, cudaMemcpyDeviceToDevice, cuda::stream()));
  DMF_CUDA_CHECK(cudaEventRecord(slot.emptied, cuda::stream()));
}

}  // namespace dmf::device_runtime
