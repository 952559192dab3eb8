#pragma once

#include <algorithm>
#include <exception>
#include <future>
#include <system_error>
#include <type_traits>
#include <vector>

#include "engine/core/shape.h"

#ifdef _OPENMP
#include <omp.h>
#endif

// The one place that starts threads. Results never depend on their number: work is cut into chunks
// by its size alone, each chunk is computed by one thread, and partial sums are added in the order
// of the chunks.

namespace dmf {

/// Threads a parallel loop may use; at least 1.
int num_threads();
/// threads  0 means one for each core the process may run on
/// throws   ValueError when negative or above 1024
void set_num_threads(int threads);
/// False in a build without OpenMP, where every loop runs on one thread.
bool openmp_enabled();

struct ChunkRange {
  Index begin, end;
};

/// Part `chunk` of [0, total) cut into pieces of `grain`; the last may be shorter.
inline ChunkRange chunk_range(Index total, Index grain, Index chunk) {
  return {chunk * grain, std::min(total, (chunk + 1) * grain)};
}
inline Index chunk_count(Index total, Index grain) {
  return (total + grain - 1) / grain;
}
/// Part `part` of [0, total) cut into `parts` pieces whose sizes differ by one at most.
inline ChunkRange even_share(Index total, Index parts, Index part) {
  return {total * part / parts, total * (part + 1) / parts};
}

/// Where a body is compiled: once, for the loop with threads and the one without. Inlined into both
/// the compiler may fuse multiplications and additions in one copy and not in the other, and the
/// last bit of a result would tell how many threads there were.
template <class Body>
#if defined(__clang__)
[[gnu::noinline]]
#else
[[gnu::noinline, gnu::noclone]]
#endif
void call_body(const Body& body, Index i, [[maybe_unused]] int thread) {
  if constexpr (std::is_invocable_v<Body, Index, int>) {
    body(i, thread);
  } else {
    body(i);
  }
}

/// Calls body(i) or body(i, thread) for every i in [0, count), in any order, on any thread.
/// `thread` lies in [0, num_threads()) and serves to pick scratch memory. The body must not throw.
template <class Body>
void parallel_for(Index count, const Body& body) {
#ifdef _OPENMP
  if (count > 1 && num_threads() > 1 && !omp_in_parallel()) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(num_threads())
    for (Index i = 0; i < count; ++i) call_body(body, i, omp_get_thread_num());
    return;
  }
#endif
  for (Index i = 0; i < count; ++i) call_body(body, i, 0);
}

/// As parallel_for, for a body that may throw: errors must not leave the loop. Texts are not made of
/// them here, since that would take memory that there may be none of.
///
/// return  what each body(i) threw, null where it did not
template <class Body>
std::vector<std::exception_ptr> parallel_try(Index count, const Body& body) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  parallel_for(count, [&](Index i) {
    try {
      body(i);
    } catch (...) {
      errors[static_cast<std::size_t>(i)] = std::current_exception();
    }
  });
  return errors;
}

/// Throws the first of these, whatever the threads; nothing where all are null.
inline void rethrow_first(const std::vector<std::exception_ptr>& errors) {
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

/// Calls body(begin, end) for pieces of [0, total) of at most `grain` elements.
template <class Body>
void parallel_chunks(Index total, Index grain, const Body& body) {
  parallel_for(chunk_count(total, grain), [&](Index chunk) {
    const ChunkRange range = chunk_range(total, grain, chunk);
    body(range.begin, range.end);
  });
}

/// Runs one task beside the caller (the loader prepares the next batch). The task must not open a
/// parallel loop. The future hands over its result or its exception. Where the system has no thread
/// left, the task runs when its result is asked for.
template <class Task>
auto run_in_background(const Task& task) {
  try {
    return std::async(std::launch::async, task);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, task);
  }
}

}  // namespace dmf
