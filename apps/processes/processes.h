#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/core/parallel.h"

namespace dmf {

/// The processes that compute one training together, on one machine or several. What they tell each
/// other is moved, never computed with: no library's order of additions is in any result.
///
/// All make the same calls in the same order. A call returns once all have made it; where one does not
/// come within the limit, whoever waits throws.
class Processes {
 public:
  Processes(int rank, int count) : rank_(rank), count_(count) {}
  virtual ~Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  int rank() const { return rank_; }
  int count() const { return count_; }
  /// The one that writes and speaks.
  bool is_first() const { return rank_ == 0; }

  /// What this process is at, for the line that ends a wait in vain: "step 12".
  void set_doing(std::string doing) { doing_ = std::move(doing); }
  const std::string& doing() const { return doing_; }
  /// How long one may wait for another, in seconds.
  void set_wait_limit(double seconds) { wait_limit_ = seconds; }
  double wait_limit() const { return wait_limit_; }

  /// Each has filled a part of `all`; after it each has all of it.
  ///
  /// parts   bytes that each process fills, in order
  /// throws  DeviceError naming the process that did not come, and its host
  virtual void gather(std::span<std::byte> all, const std::vector<ChunkRange>& parts) = 0;

  /// Each gives part q of `given` to process q. `taken` becomes what the others gave this one, in the
  /// order of the processes.
  ///
  /// parts   bytes that go to each process, in order; the same in all
  /// throws  as gather()
  virtual void swap(std::span<const std::byte> given, const std::vector<ChunkRange>& parts,
                    std::span<std::byte> taken) = 0;

  /// "process 2 on HOST": for messages.
  virtual std::string name(int rank) const = 0;

  /// Leaves in good order where all leave alike; else ends all the others, once the last line of what a
  /// process beside the first has said is said for it.
  ///
  /// code    exit status of this process; 0 is never waited for
  /// return  what it is to exit with
  virtual int leave(int code) = 0;

 private:
  int rank_, count_;
  std::string doing_ = "the beginning";
  double wait_limit_ = 600.0;
};

/// This process alone.
class OneProcess final : public Processes {
 public:
  OneProcess() : Processes(0, 1) {}
  void gather(std::span<std::byte>, const std::vector<ChunkRange>&) override {}
  void swap(std::span<const std::byte> given, const std::vector<ChunkRange>& parts,
            std::span<std::byte> taken) override;
  std::string name(int) const override { return "this process"; }
  int leave(int code) override { return code; }
};

/// As Processes::gather, of any plain values.
///
/// parts  elements of each process
template <class T>
void gather(Processes& processes, std::span<T> all, std::vector<ChunkRange> parts) {
  for (ChunkRange& part : parts) {
    part = {part.begin * Index{sizeof(T)}, part.end * Index{sizeof(T)}};
  }
  processes.gather(std::as_writable_bytes(all), parts);
}

/// One value of each, in the order of the processes.
template <class T>
std::vector<T> gather_each(Processes& processes, const T& own) {
  std::vector<T> all(static_cast<std::size_t>(processes.count()));
  all[static_cast<std::size_t>(processes.rank())] = own;
  std::vector<ChunkRange> parts;
  for (Index p = 0; p < processes.count(); ++p) parts.push_back({p, p + 1});
  gather(processes, std::span<T>(all), parts);
  return all;
}

/// A text of each, likewise.
std::vector<std::string> gather_texts(Processes& processes, const std::string& own);

/// Part of [0, total) that each process has, sizes differing by one at most.
std::vector<ChunkRange> shares(const Processes& processes, Index total);

/// A program's main(): runs it in every process that a launcher (mpirun, srun) started as one of
/// several, or in this one alone. What others than the first print is not shown.
///
/// program  for the message of a build that knows no MPI
/// argv     of main(), see bound_spinning(): no process may start MPI and then itself once more
/// return   the exit status
int run_together(const std::string& program, char** argv,
                 const std::function<int(Processes&)>& run);

/// How many processes a launcher says that it started with this one; 1 without.
int launched_processes();

/// Those of a launcher, or this one; by MPI where there is more than one.
///
/// throws  DeviceError in a build without MPI that is one of several, or where MPI sees others than
///         the launcher says
std::unique_ptr<Processes> connect_processes();

}  // namespace dmf
