#include "apps/experiment/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <fstream>
#include <sstream>
#include <thread>

#include "apps/files/folders.h"
#include "apps/options/config_file.h"
#include "apps/run/run_folder.h"
#include "apps/run/run_identity.h"
#include "apps/support/call.h"
#include "apps/support/child_process.h"
#include "apps/support/progress.h"
#include "apps/support/signals.h"
#include "engine/core/check.h"
#include "engine/core/instruction_set.h"
#include "engine/core/parallel.h"
#include "engine/io/atomic_file.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;
constexpr std::string_view kKilled = "killed by signal";  // how such a reason begins

/// A formula's signs mean something to a shell, and it may be longer than a name can be: what is left of
/// it has its hash behind, so that no two are one.
std::string folder_name(const std::string& configuration) {
  constexpr std::size_t kLongest = 120;
  std::string name = configuration;
  bool told = name.size() <= kLongest;
  for (char& c : name) {
    if (c == '/' || static_cast<unsigned char>(c) <= ' ') c = '_';
    if (std::string_view("()[]*").find(c) == std::string_view::npos) continue;
    c = '_';
    told = false;
  }
  return told ? name : name.substr(0, kLongest) + "_" + hash_of(configuration);
}

std::string last_line(const fs::path& log) {
  std::ifstream file(log);
  std::string last;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty()) last = line;
  }
  return last;
}

/// A run at work.
struct Job {
  const GridRun* run;
  ChildProcess process;
  Clock::time_point start;
  double progress_before;  // of an earlier process
};

/// throws  IoError where it is not beside this program
std::vector<std::string> train_command() {
  const std::vector<std::string> train = sibling_command("train");
  DMF_CHECK(::access(train.front().c_str(), X_OK) == 0, IoError,
            "[experiment] cannot start {}: {}.", train.front(), std::strerror(errno));
  return train;
}

/// The text without what may differ between two starts of one grid, and with the paths of the data
/// as they are found from here: older versions kept them as they were typed.
std::string comparable(const std::string& config, bool with_classes) {
  std::istringstream lines(config);
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("cache-mb=") || line.starts_with("checkpoint-every=")) continue;
    if (line.starts_with("num-classes=") && !with_classes) continue;
    constexpr std::string_view kData = "data=\"";
    if (line.starts_with(kData)) {
      const std::string path = line.substr(kData.size(), line.rfind('"') - kData.size());
      line = fmt::format("{}{}\"", kData, fs::absolute(path).lexically_normal().string());
    }
    kept += line + "\n";
  }
  return kept;
}

/// What is often behind a signal that a run did not send itself.
std::string cause_of(int signal) {
  return signal == SIGKILL ? ": often the system's memory ran out, fewer --jobs need less" : "";
}

/// Whether a run was asked to stop and did: it is saved.
bool was_stopped(int status) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU}) {
    if (status == 128 + signal) return true;
  }
  return false;
}

Job start(const GridRun& run, int threads) {
  make_folder(run.folder().parent_path());
  const fs::path plan = run.beside(".toml");
  if (!fs::exists(plan)) write_file_atomically(plan, run.plan().config);
  fs::remove(run.beside(".failed"));
  std::vector<std::string> command = train_command();
  command.insert(command.end(), {"--threads", fmt::format("{}", threads), "--isa",
                                 std::string(instruction_set().name)});
  if (fs::exists(run.folder() / "config.toml")) {
    command.insert(command.end(), {"--resume", run.folder().string()});
  } else {
    command.insert(command.end(), {"--config", plan.string(), "--out", run.folder().string()});
  }
  return {&run, ChildProcess(command, run.beside(".log")), Clock::now(), run.progress()};
}

/// The grid while this process works on it.
class Runner {
 public:
  Runner(const std::vector<GridRun>& runs, const RunnerOptions& options)
      : runs_(runs), options_(options), threads_(options.threads) {
    if (threads_ == 0) threads_ = num_threads();
    for (std::size_t k = 0; k < runs.size(); ++k) {
      const bool ours = k % static_cast<std::size_t>(options.shards) ==
                        static_cast<std::size_t>(options.shard - 1);
      const bool due =
          !runs[k].done() && (options.retry_failed || !runs[k].failed() || runs[k].killed());
      if (!ours || !due) continue;
      waiting_.push_back(&runs[k]);
      work_planned_ += 1.0 - runs[k].progress();
    }
    planned_ = waiting_.size();
  }

  void work() {
    progress_.line(fmt::format("grid      {} runs: {} done, {} to do here, {} at a time",
                               runs_.size(), state_of(runs_).done, planned_, options_.jobs));
    const StopRequest stop("stopping: the runs at work save first; once more to stop at once");
    start_ = Clock::now();
    bool stopping = false;
    while (!jobs_.empty() || (!waiting_.empty() && !stopping)) {
      if (!stopping && StopRequest::signal() != 0) {
        stopping = true;
        for (const Job& job : jobs_) job.process.send(SIGTERM);  // each saves and ends
      }
      while (!stopping && !waiting_.empty() &&
             jobs_.size() < static_cast<std::size_t>(options_.jobs)) {
        const GridRun& next = *waiting_.front();
        waiting_.pop_front();
        if (next.in_use()) {
          progress_.line(fmt::format("{} is at work in another process", next.label()));
          continue;
        }
        jobs_.push_back(start(next, std::max(1, threads_ / options_.jobs)));
      }
      collect();
      draw();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    if (stopping) {
      throw Interrupted(StopRequest::signal(),
                        "stopped, all of it saved. Go on with the same command");
    }
  }

 private:
  void collect() {
    for (auto job = jobs_.begin(); job != jobs_.end();) {
      const std::optional<int> status = job->process.poll();
      if (!status) {
        ++job;
        continue;
      }
      finish(*job, *status);
      job = jobs_.erase(job);
    }
  }

  void finish(const Job& job, int status) {
    const GridRun& run = *job.run;
    if (was_stopped(status)) return;  // saved; another time
    ++finished_;
    work_made_ += 1.0 - job.progress_before;
    const double seconds = std::chrono::duration<double>(Clock::now() - job.start).count();
    std::string outcome = "done";
    if (status != 0) {
      outcome = last_line(run.beside(".log"));
      if (outcome.empty()) outcome = "no word of why";
      if (status > 128) {
        outcome =
            fmt::format("{} {}{}; {}", kKilled, status - 128, cause_of(status - 128), outcome);
      }
      write_file_atomically(run.beside(".failed"), outcome + "\n");
      outcome = "FAILED: " + outcome;
    }
    progress_.line(fmt::format("{}/{} {} {} ({}), {} left", finished_, planned_, run.label(),
                               outcome, duration_text(seconds), time_left()));
  }

  /// What this process got done, in runs.
  double work_made() const {
    double made = work_made_;
    for (const Job& job : jobs_) made += job.run->progress() - job.progress_before;
    return made;
  }

  /// At the pace so far; unknown before a run has got anywhere.
  std::string time_left() const {
    const double made = work_made(),
                 seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    if (made <= 0.0) return "?";
    return duration_text(seconds / made * (work_planned_ - made));
  }

  void draw() {
    std::vector<std::string> names;
    for (const Job& job : jobs_) names.push_back(job.run->label());
    const std::string left = time_left();
    progress_.update(work_made() / work_planned_, left == "?" ? "" : left,
                     fmt::format("{} of {} runs, {}", finished_, planned_, fmt::join(names, ", ")));
  }

  const std::vector<GridRun>& runs_;
  RunnerOptions options_;
  int threads_;
  std::deque<const GridRun*> waiting_;
  std::vector<Job> jobs_;
  std::size_t planned_ = 0, finished_ = 0;  // runs
  double work_planned_ = 0.0, work_made_ = 0.0;
  Clock::time_point start_;
  Progress progress_;
};

}  // namespace

GridRun::GridRun(const fs::path& grid, PlannedRun plan)
    : plan_(std::move(plan)),
      folder_(grid / folder_name(plan_.configuration) / fmt::format("r{}", plan_.repetition)),
      epochs_(parse_config(plan_.config, "plan").epochs) {}

std::string GridRun::label() const {
  return fmt::format("{} r{}", plan_.configuration, plan_.repetition);
}

fs::path GridRun::beside(const std::string& ending) const {
  return folder_.string() + ending;
}

bool GridRun::done() const {  // metrics.json is what train writes last
  return fs::exists(folder_ / "metrics.json") && fs::exists(folder_ / "per_image.csv");
}

bool GridRun::failed() const {
  return !done() && fs::exists(beside(".failed"));
}

bool GridRun::killed() const {
  return failed() && read_file(beside(".failed"), kLargestText).starts_with(kKilled);
}

bool GridRun::in_use() const {
  if (!fs::exists(folder_)) return false;
  try {
    const RunLock lock(folder_);
    return false;
  } catch (const IoError&) {
    return true;
  }
}

double GridRun::progress() const {
  std::ifstream epochs(folder_ / "epochs.csv");
  int lines = 0;
  for (std::string line; std::getline(epochs, line);) ++lines;
  return std::clamp(static_cast<double>(lines - 1) / static_cast<double>(epochs_), 0.0, 1.0);
}

GridState state_of(const std::vector<GridRun>& runs) {
  GridState state;
  for (const GridRun& run : runs) {
    ++(run.done() ? state.done : run.failed() ? state.failed : state.left);
  }
  return state;
}

void check_grid(const std::vector<GridRun>& runs) {
  train_command();
  for (const GridRun& run : runs) {
    // A run's own configuration holds how many classes its masks turned out to have.
    const bool classes = parse_config(run.plan().config, run.label()).data.masks.classes > 0;
    const std::string planned = comparable(run.plan().config, classes);
    for (const fs::path& file : {run.beside(".toml"), run.folder() / "config.toml"}) {
      if (!fs::exists(file)) continue;
      const auto differs = differing_key(comparable(read_file(file, kLargestText), classes),
                                         file.string(), planned, "this grid");
      DMF_CHECK(!differs, IoError,
                "[experiment] {} was planned with other options: {}. Give another --out.",
                run.folder().string(), *differs);
    }
  }
}

std::string RunnerOptions::part() const {
  return fmt::format("{}-of-{}", shard, shards);
}

void run_grid(const fs::path& grid, const std::vector<GridRun>& runs, const RunnerOptions& options,
              const std::string& part) {
  const fs::path folder = grid / "shards" / part;
  make_folder(folder);
  const RunLock lock(folder);
  Runner(runs, options).work();
}

}  // namespace dmf
