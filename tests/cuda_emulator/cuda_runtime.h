#pragma once

// A stand-in for CUDA's runtime that runs kernels on the CPU, thread by thread, so that the CUDA
// backend is tested on machines without a GPU: the .cu files are compiled as C++ with this folder
// first among the include directories (-DDMF_CUDA=EMULATED). It holds only what engine/ uses.
//
// Every thread of a block is a fiber; __syncthreads, warp shuffles and the tensor-core instructions
// switch between them. Asynchronous copies arrive when they are waited for and not before. A
// barrier that part of a warp or block never reaches ends the program with a message. The order in
// which threads run can be changed (emulator::set_order): a kernel that misses a barrier then
// gives other results.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)
#define __shared__ static thread_local

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
};

// Errors ------------------------------------------------------------------------------------------

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorStreamCaptureInvalidated = 901
};
const char* cudaGetErrorName(cudaError_t status);
const char* cudaGetErrorString(cudaError_t status);
cudaError_t cudaGetLastError();

// Device ------------------------------------------------------------------------------------------

struct cudaDeviceProp {
  char name[256];
  int major, minor;
  std::size_t sharedMemPerBlockOptin;
};
cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total);

// Memory ------------------------------------------------------------------------------------------

enum cudaMemcpyKind {
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};
struct emulated_stream;
using cudaStream_t = emulated_stream*;

cudaError_t cudaMalloc(void** pointer, std::size_t bytes);
cudaError_t cudaFree(void* pointer);
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes);
cudaError_t cudaFreeHost(void* pointer);
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream);

// Streams, events, graphs
// ---------------------------------------------------------------------------

struct emulated_event;
struct emulated_graph;
struct emulated_graph_exec;
using cudaEvent_t = emulated_event*;
using cudaGraph_t = emulated_graph*;
using cudaGraphExec_t = emulated_graph_exec*;
enum cudaStreamCaptureMode { cudaStreamCaptureModeRelaxed };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable);

// Kernels -----------------------------------------------------------------------------------------

enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize };
template <class Kernel>
cudaError_t cudaFuncSetAttribute(Kernel, cudaFuncAttribute, int) {
  return cudaSuccess;
}

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  std::size_t dynamicSmemBytes;
  cudaStream_t stream;
  void* attrs;
  unsigned numAttrs;
};

// Of the thread that is running.
inline constinit thread_local uint3 threadIdx{}, blockIdx{};
inline constinit thread_local dim3 blockDim, gridDim;

namespace emulator {

/// Of the thread that is running, its number in its warp.
unsigned lane();

/// In which order threads and blocks run: 0 is ascending, any other number another order. Results
/// must not depend on it.
void set_order(unsigned seed);
/// Makes all calls of the runtime from the `calls`th on fail; negative: none. From outside:
/// DMF_EMULATOR_FAIL_AFTER; and DMF_EMULATOR_MEMORY for how many bytes the device has.
void fail_after(int calls);

void sync_block();
void sync_warp();
void* dynamic_shared();
/// Puts `bytes` of this lane's where every lane of the warp can read them and waits for all; the
/// result for each lane stays readable until the next exchange but one.
const void* exchange(const void* mine, std::size_t bytes);
const void* exchanged_by(const void* exchanged, unsigned lane);

void copy_async(void* to, const void* from, std::size_t bytes, std::size_t valid_bytes);
void commit_copies();
/// Lets all groups of copies arrive but the newest `pending`.
void wait_copies(int pending);

cudaError_t submit(const cudaLaunchConfig_t& config, std::function<void()> thread);

template <class T>
T shuffle(T value, unsigned from) {
  const void* all = exchange(&value, sizeof(T));
  T other;
  std::memcpy(&other, exchanged_by(all, from), sizeof(T));
  return other;
}

}  // namespace emulator

template <class... Parameters, class... Arguments>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                               Arguments&&... arguments) {
  return emulator::submit(*config,
                          [kernel, ... bound = Parameters(arguments)] { kernel(bound...); });
}

inline void __syncthreads() {
  emulator::sync_block();
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return emulator::shuffle(value, emulator::lane() ^ static_cast<unsigned>(mask));
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((std::uint64_t{a} * b) >> 32);
}
