#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <string>

#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

namespace dmf {

namespace fs = std::filesystem;

/// The files of a folder and below, by their paths in it.
inline std::map<std::string, std::string> content_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
    }
  }
  return files;
}

inline bool has(const Outcome& outcome, const std::string& text) {
  return outcome.text.find(text) != std::string::npos;
}

struct RunFixture {
  TemporaryFolder folder;

  RunFixture() { make_data(folder / "data"); }

  /// more  options after those of the run
  std::string train(const std::string& out, const std::string& more = "") const {
    return "train --data " + quoted(folder / "data") +
           " --image 16 --depth 1 --base-width 2 --batch 5 --history-size 2 --threads 1 " +
           (more.find("--epochs") == std::string::npos ? "--epochs 1 " : "") + more + " --out " +
           quoted(folder / out);
  }
  std::string resume(const std::string& out, const std::string& more = "") const {
    return "train --resume " + quoted(folder / out) + " --threads 1 " + more;
  }
  std::string evaluate(const std::string& out, const std::string& more = "") const {
    return "evaluate --run " + quoted(folder / out) + " --threads 1 " + more;
  }
  /// Sends the process a signal at the nth call that changes the folder of the run.
  static std::string at_call(int n, const std::string& out, int signal = SIGKILL) {
    return fmt::format(
        "LD_PRELOAD=" DMF_FAULTY_IO
        " DMF_FAULT=kill DMF_FAULT_PATH='{}' DMF_FAULT_AFTER={} DMF_FAULT_SIGNAL={} ",
        out, n, signal);
  }
  /// But for the command line that they quote, everything is the same, and nothing else is there.
  void same_runs(const std::string& a, const std::string& b) const {
    std::map<std::string, std::string> in_a = content_of(folder / a), in_b = content_of(folder / b);
    for (const char* name : {"run.json", "report.html"}) {
      CHECK_MESSAGE(in_a.erase(name) == 1, a, ": ", name);
      CHECK_MESSAGE(in_b.erase(name) == 1, b, ": ", name);
    }
    for (const auto& each : in_a) {
      const auto other = in_b.find(each.first);
      REQUIRE_MESSAGE(other != in_b.end(), b, ": ", each.first);
      CHECK_MESSAGE(other->second == each.second, b, ": ", each.first);
    }
    for (const auto& each : in_b) CHECK_MESSAGE(in_a.contains(each.first), b, ": ", each.first);
  }
};

inline bool was_killed(const Outcome& outcome) {
  return outcome.code == 137 || outcome.code == -1;  // a shell may have become the program
}

}  // namespace dmf
