#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "tests/cuda_emulator/machine.h"

// The calls of the CUDA runtime that engine/ makes.

struct emulated_stream {
  emulated_graph* capturing = nullptr;
};
struct emulated_event {};
struct emulated_graph {
  std::vector<std::function<void()>> work;
};
struct emulated_graph_exec {
  std::vector<std::function<void()>> work;
};

namespace {

constexpr std::size_t kSharedBytes = std::size_t{227}
                                     << 10;  // of a block, as on compute capability 9.0

std::mutex mutex;
std::map<void*, std::size_t> live;
std::size_t in_use = 0;
/// Bytes that the device has; a program can be given it from outside.
std::size_t limit = [] {
  const char* bytes = std::getenv("DMF_EMULATOR_MEMORY");
  return bytes == nullptr ? std::size_t{4} << 30 : std::strtoull(bytes, nullptr, 10);
}();
/// Calls until all fail; negative: none does. A program can be given it from outside.
int calls_left = [] {
  const char* calls = std::getenv("DMF_EMULATOR_FAIL_AFTER");
  return calls == nullptr ? -1 : std::atoi(calls);
}();
cudaError_t last_error = cudaSuccess;

/// False where this call is to fail; from then on all do, as with a GPU that is gone.
bool alive() {
  if (calls_left > 0) --calls_left;
  if (calls_left == 0) last_error = cudaErrorInvalidValue;
  return calls_left != 0;
}

cudaError_t run(cudaStream_t stream, std::function<void()> work) {
  if (!alive()) return last_error;
  if (stream != nullptr && stream->capturing != nullptr) {
    stream->capturing->work.push_back(std::move(work));
  } else {
    work();
  }
  return cudaSuccess;
}

cudaError_t checked() {
  return alive() ? cudaSuccess : last_error;
}

}  // namespace

namespace emulator {

void fail_after(int calls) {
  calls_left = calls;
  if (calls < 0) last_error = cudaSuccess;
}

cudaError_t submit(const cudaLaunchConfig_t& config, std::function<void()> thread) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  const std::size_t shared = config.dynamicSmemBytes;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || block.x * block.y * block.z == 0 ||
      block.x * block.y * block.z > 1024 || grid.y > 65535 || grid.z > 65535 ||
      shared > kSharedBytes) {
    return last_error = cudaErrorInvalidValue;
  }
  return run(config.stream,
             [=, body = std::move(thread)] { run_blocks(grid, block, shared, body); });
}

}  // namespace emulator

const char* cudaGetErrorName(cudaError_t status) {
  return status == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorEmulated";
}
const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaErrorMemoryAllocation ? "out of memory" : "a call that the emulator refused";
}
cudaError_t cudaGetLastError() {
  return calls_left == 0 ? last_error : std::exchange(last_error, cudaSuccess);
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return checked();
}
cudaError_t cudaSetDevice(int) {
  return checked();
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated on the CPU", 9, 0, kSharedBytes};
  return checked();
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  const std::lock_guard lock(mutex);
  *free = limit - in_use;
  *total = limit;
  return checked();
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  const std::lock_guard lock(mutex);
  if (!alive()) return last_error;
  if (bytes > limit - in_use) return last_error = cudaErrorMemoryAllocation;
  *pointer = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  std::memset(*pointer, 0xff, bytes);  // NaN: nobody may count on zeros
  live[*pointer] = bytes;
  in_use += bytes;
  return cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
  const std::lock_guard lock(mutex);
  in_use -= live.at(pointer);
  live.erase(pointer);
  std::free(pointer);
  return checked();
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes) {
  if (!alive()) return last_error;
  *pointer = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* pointer) {
  std::free(pointer);
  return checked();
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return run(stream, [=] { std::memmove(to, from, bytes); });
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return run(stream, [=] { std::memset(to, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new emulated_stream;
  return checked();
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return checked();
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream != nullptr && stream->capturing != nullptr) {
    return last_error = cudaErrorStreamCaptureInvalidated;
  }
  return checked();
}
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) {
  return checked();
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new emulated_event;
  return checked();
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return checked();
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return checked();
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return checked();
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->capturing = new emulated_graph;
  return checked();
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = std::exchange(stream->capturing, nullptr);
  return checked();
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new emulated_graph_exec{graph->work};
  return checked();
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t) {
  if (!alive()) return last_error;
  for (const auto& work : executable->work) work();
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return checked();
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return checked();
}
