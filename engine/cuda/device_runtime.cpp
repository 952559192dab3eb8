#include "engine/core/device_runtime.h"

#include <cstdlib>
#include <cstring>
#include <mutex>

#include "engine/core/check.h"
#include "engine/cuda/check.h"
#include "engine/cuda/context.h"
#include "engine/cuda/memory_kernels.h"

namespace dmf {
namespace {

/// The device of this process; one for now.
struct Context {
  int device = -1;
  bool recording = false;
  cudaStream_t stream = nullptr;
  cudaDeviceProp properties{};
};

Context& context() {
  static Context& only = *new Context;  // never destroyed: see the allocator
  return only;
}

}  // namespace

namespace cuda {

cudaStream_t stream() {
  return context().stream;
}
const cudaDeviceProp& properties() {
  return context().properties;
}
void synchronize() {
  DMF_CUDA_CHECK(cudaStreamSynchronize(stream()));
}

}  // namespace cuda

namespace device_runtime {

void open(Device device) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  Context& c = context();
  if (c.device == device.index()) return;
  DMF_CHECK(c.device < 0, DeviceError,
            "[device] {} besides cuda:{}: expected one CUDA device a process.", device.str(),
            c.device);
  // All kernels are loaded at the start: the recording of a graph must not be interrupted by that.
  ::setenv("CUDA_MODULE_LOADING", "EAGER", 0);
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  DMF_CHECK(status == cudaSuccess, DeviceError,
            "[device] {} is not available: {}. Use a machine with an NVIDIA GPU and its driver, or "
            "--device cpu.",
            device.str(), cudaGetErrorString(status));
  DMF_CHECK(device.index() < count, DeviceError,
            "[device] {} is not available: this machine has {} CUDA device{}.", device.str(), count,
            count == 1 ? "" : "s");
  DMF_CUDA_CHECK(cudaSetDevice(device.index()));
  DMF_CUDA_CHECK(cudaGetDeviceProperties(&c.properties, device.index()));
  DMF_CHECK(c.properties.major >= 8, DeviceError,
            "[device] {}, {}, has compute capability {}.{}: expected 8.0 (Ampere) or newer.",
            device.str(), c.properties.name, c.properties.major, c.properties.minor);
  DMF_CUDA_CHECK(cudaStreamCreateWithFlags(&c.stream, cudaStreamNonBlocking));
  c.device = device.index();
}

void* allocate(Device, std::size_t bytes) {
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());
    return nullptr;
  }
  DMF_CUDA_CHECK(status);
  return memory;
}

void deallocate(Device, void* memory) noexcept {
  // A device that is gone has no memory to give back, and says so here for the second time.
  static_cast<void>(cudaFree(memory));
}

void copy(Device to_device, void* to, Device from_device, const void* from, std::size_t bytes) {
  if (from_device.is_cpu() && bytes <= cuda::kLargestConstant) {
    cuda::store_constant(to, from, bytes);
    return;
  }
  DMF_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, cuda::stream()));
  if (to_device.is_cpu() || from_device.is_cpu()) cuda::synchronize();
}

void fill(Device, void* to, const void* pattern, std::size_t pattern_bytes, std::size_t count) {
  if (count == 0) return;
  std::uint64_t word = 0;
  std::memcpy(&word, pattern, pattern_bytes);
  if (word == 0) {
    DMF_CUDA_CHECK(cudaMemsetAsync(to, 0, pattern_bytes * count, cuda::stream()));
  } else {
    cuda::fill_pattern(to, word, pattern_bytes, count);
  }
}

void synchronize(Device) {
  cuda::synchronize();
}

class Recording {
 public:
  explicit Recording(cudaGraph_t graph) {
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    DMF_CUDA_CHECK(status);
  }
  ~Recording() { static_cast<void>(cudaGraphExecDestroy(executable_)); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  void launch() const { DMF_CUDA_CHECK(cudaGraphLaunch(executable_, cuda::stream())); }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

void begin_recording(Device) {
  DMF_CUDA_CHECK(cudaStreamBeginCapture(cuda::stream(), cudaStreamCaptureModeRelaxed));
  context().recording = true;
}

bool is_recording(Device) {
  return context().recording;
}

Recording* end_recording(Device) {
  cudaGraph_t graph = nullptr;
  context().recording = false;
  DMF_CUDA_CHECK(cudaStreamEndCapture(cuda::stream(), &graph));
  return new Recording(graph);
}

void abandon_recording(Device) noexcept {
  cudaGraph_t graph = nullptr;
  context().recording = false;
  if (cudaStreamEndCapture(cuda::stream(), &graph) == cudaSuccess && graph != nullptr) {
    static_cast<void>(cudaGraphDestroy(graph));
  }
  static_cast<void>(cudaGetLastError());
}

void replay(Device, const Recording& recording) {
  recording.launch();
}

void drop(Recording* recording) noexcept {
  delete recording;
}

Memory memory(Device) {
  Memory m{};
  DMF_CUDA_CHECK(cudaMemGetInfo(&m.free, &m.total));
  return m;
}

std::string description(Device) {
  const cudaDeviceProp& p = cuda::properties();
  return fmt::format("{}, compute capability {}.{}", p.name, p.major, p.minor);
}

}  // namespace device_runtime
}  // namespace dmf
