#include <fmt/format.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstdio>
#include <optional>
#include <thread>
#include <utility>

#include "apps/processes/processes.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

int as_int(Index bytes) {
  DMF_CHECK(bytes <= INT_MAX, DeviceError,
            "[processes] {} bytes to exchange at once: MPI takes 2 GB. Use a smaller --batch.",
            bytes);
  return static_cast<int>(bytes);
}

/// Gives the core away between two looks at what may take long.
class Patience {
 public:
  void look_away() {
    constexpr int kImpatient = 200;  // looks: what comes at once is not waited for in naps
    if (++looks_ < kImpatient) return;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }

 private:
  int looks_ = 0;
};

/// What goes to standard output and error, kept in a file without a name: of a process that only
/// repeats what the first one says.
class Silence {
 public:
  Silence() : kept_(std::tmpfile()), error_(::dup(STDERR_FILENO)) {
    if (kept_ == nullptr) return;
    ::dup2(::fileno(kept_), STDOUT_FILENO);
    ::dup2(::fileno(kept_), STDERR_FILENO);
  }

  /// Says the last line on the true standard error.
  void say_last_line(const std::string& who) const {
    std::fflush(nullptr);
    std::string text;
    if (kept_ != nullptr) {
      std::rewind(kept_);
      std::array<char, 4096> buffer;
      while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), kept_)) {
        text.append(buffer.data(), n);
      }
    }
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const std::string line = fmt::format("{}: {}\n", who, text.substr(text.rfind('\n') + 1));
    [[maybe_unused]] const ssize_t written = ::write(error_, line.data(), line.size());
  }

 private:
  std::FILE* kept_;
  int error_;
};

class MpiProcesses final : public Processes {
 public:
  MpiProcesses(int rank, int count) : Processes(rank, count) {
    MPI_Comm_dup(MPI_COMM_WORLD, &data_);
    MPI_Comm_dup(MPI_COMM_WORLD, &calls_);
    MPI_Comm_dup(MPI_COMM_WORLD, &farewell_);
    if (!is_first()) silence_.emplace();
    std::array<char, MPI_MAX_PROCESSOR_NAME> own{};
    int length = 0;
    MPI_Get_processor_name(own.data(), &length);
    std::vector<char> all(own.size() * static_cast<std::size_t>(count));
    const int each = static_cast<int>(own.size());
    MPI_Allgather(own.data(), each, MPI_CHAR, all.data(), each, MPI_CHAR, data_);
    for (int p = 0; p < count; ++p)
      hosts_.emplace_back(&all[own.size() * static_cast<std::size_t>(p)]);
  }

  void gather(std::span<std::byte> all, const std::vector<ChunkRange>& parts) override {
    call_roll(wait_limit());
    const auto [counts, firsts] = in_ints(parts);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, all.data(), counts.data(), firsts.data(),
                    MPI_BYTE, data_, &request);
    finish(request);
  }

  void swap(std::span<const std::byte> given, const std::vector<ChunkRange>& parts,
            std::span<std::byte> taken) override {
    call_roll(wait_limit());
    const auto [counts, firsts] = in_ints(parts);
    const int own = counts[static_cast<std::size_t>(rank())];
    const std::vector<int> taken_counts(counts.size(), own);
    std::vector<int> taken_firsts;
    for (int p = 0; p < count(); ++p) taken_firsts.push_back(as_int(Index{p} * own));
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ialltoallv(given.data(), counts.data(), firsts.data(), MPI_BYTE, taken.data(),
                   taken_counts.data(), taken_firsts.data(), MPI_BYTE, data_, &request);
    finish(request);
  }

  std::string name(int rank) const override {
    return fmt::format("process {} on {}", rank, hosts_[static_cast<std::size_t>(rank)]);
  }

  int leave(int code) override {
    std::fflush(nullptr);
    if (code == 0 || all_leave()) {
      MPI_Finalize();
      return code;
    }
    if (silence_) silence_->say_last_line(name(rank()));
    MPI_Abort(MPI_COMM_WORLD, code);
    return code;
  }

 private:
  /// Whether all of these come within so many seconds, waiting without holding the core. A blocking call
  /// of MPI would wait without end for a process that hangs.
  static bool all_come(std::span<MPI_Request> requests, double seconds) {
    const Clock::time_point start = Clock::now();
    Patience patience;
    for (int done = 0;; patience.look_away()) {
      const bool is_over =
          seconds_since(start) > seconds;  // before the look: this one may have slept
      MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
      if (done != 0 || is_over) return done != 0;
    }
  }

  /// Whether all the others have come to the same end within moments.
  bool all_leave() const {
    constexpr double kMoments = 3.0;
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Ibarrier(farewell_, &request);
    return all_come(std::span(&request, 1), kMoments);
  }

  /// Returns once all have come here, so that who has not is known by name.
  void call_roll(double limit) {
    std::vector<MPI_Request> requests(2 * static_cast<std::size_t>(count()), MPI_REQUEST_NULL);
    MPI_Request* comes = requests.data();
    MPI_Request* told = comes + count();
    for (int p = 0; p < count(); ++p) {
      if (p == rank()) continue;
      MPI_Irecv(nullptr, 0, MPI_BYTE, p, 0, calls_, &comes[p]);
      MPI_Isend(nullptr, 0, MPI_BYTE, p, 0, calls_, &told[p]);
    }
    // One speaks for all that wait: the first that is there.
    DMF_CHECK(
        all_come(requests, limit + 2.0 * std::min(rank(), 2)), DeviceError,
        "[processes] {} did not come within {:g} s (--wait-limit) while the others were at {}: "
        "it hangs, or its machine does. What was saved last is untouched.",
        first_missing(comes), wait_limit(), doing());
  }

  /// Waits for what all have begun. Where one has stopped since, another roll call tells which.
  void finish(MPI_Request request) {
    constexpr double kAnswer = 3.0;
    if (all_come(std::span(&request, 1), wait_limit())) return;
    call_roll(kAnswer);
    throw DeviceError(
        fmt::format("[processes] nothing came through within {:g} s (--wait-limit) at "
                    "{}. What was saved last is untouched.",
                    wait_limit(), doing()));
  }

  std::string first_missing(MPI_Request* comes) const {
    for (int p = 0; p < count(); ++p) {
      int done = 1;
      if (p != rank()) MPI_Request_get_status(comes[p], &done, MPI_STATUS_IGNORE);
      if (done == 0) return name(p);
    }
    return "a process";
  }

  static std::pair<std::vector<int>, std::vector<int>> in_ints(
      const std::vector<ChunkRange>& parts) {
    std::vector<int> counts, firsts;
    for (const ChunkRange& part : parts) {
      counts.push_back(as_int(part.end - part.begin));
      firsts.push_back(as_int(part.begin));
    }
    return {counts, firsts};
  }

  MPI_Comm data_ = MPI_COMM_NULL, calls_ = MPI_COMM_NULL, farewell_ = MPI_COMM_NULL;
  std::vector<std::string> hosts_;
  std::optional<Silence> silence_;
};

}  // namespace

std::unique_ptr<Processes> connect_processes() {
  const int launched = launched_processes();
  if (launched == 1) return std::make_unique<OneProcess>();  // MPI_Init alone takes half a second
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  int rank = 0, count = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &count);
  DMF_CHECK(
      count == launched, DeviceError,
      "[processes] started as one of {}, but MPI sees {}: all would write to one folder. Under "
      "Slurm start with srun --mpi=pmix.",
      launched, count);
  return std::make_unique<MpiProcesses>(rank, count);
}

}  // namespace dmf
