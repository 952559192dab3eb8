#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/experiment/plan.h"

namespace dmf {

/// Where a run of a grid lies and how far it is: FOLDER/CONFIGURATION/rREPETITION, and beside it
/// with the endings .toml (the plan), .log (what train printed) and .failed (why it failed).
class GridRun {
 public:
  GridRun(const std::filesystem::path& grid, PlannedRun plan);

  const PlannedRun& plan() const { return plan_; }
  std::string label() const;  // "variance+cb_dice r2"
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path beside(const std::string& ending) const;

  bool done() const;
  bool failed() const;
  /// Whether it failed by a signal from outside, which another try may be spared.
  bool killed() const;
  /// Whether another process trains it.
  bool in_use() const;
  /// Share of its epochs that are trained, in [0, 1].
  double progress() const;

 private:
  PlannedRun plan_;
  std::filesystem::path folder_;
  int epochs_;
};

struct RunnerOptions {
  int jobs = 1;     // runs at a time
  int threads = 0;  // of all runs together; 0: one for each core
  int shard = 1, shards = 1;
  bool retry_failed = false;

  std::string part() const;  // "2-of-3"
};

/// How many runs of the whole grid are done, failed, and left to others (shards) or another time.
struct GridState {
  std::size_t done = 0, failed = 0, left = 0;
};
GridState state_of(const std::vector<GridRun>& runs);

/// Looks at every run of the grid that has been begun, done or not; touches nothing.
///
/// throws  IoError naming the key in which one was planned otherwise, or where train is not beside
///         this program
void check_grid(const std::vector<GridRun>& runs);

/// Trains what is not done yet, each run a process of its own (`train`), so that one that fails is
/// recorded and does not stop the others. A run that was stopped goes on from its checkpoint.
///
/// A run that was killed from outside is tried again; one that failed by itself only where asked.
///
/// part    what these runs are of the grid, a name that one process at a time may work under
/// throws  Interrupted once a StopRequest is noted and the runs at work are saved; IoError for a
///         part that another process works on
void run_grid(const std::filesystem::path& grid, const std::vector<GridRun>& runs,
              const RunnerOptions& options, const std::string& part);

}  // namespace dmf
