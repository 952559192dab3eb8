#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace dmf {

// The programs as a user starts them.

struct Outcome {
  int code;
  std::string text;  // standard output and error together
};

/// prefix  before the program's path: "timeout 1 "
inline Outcome run(const std::string& command, const std::string& prefix = "") {
  const std::string line = prefix + DMF_PROGRAMS "/" + command + " 2>&1";
  std::FILE* pipe = ::popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[4096];
  while (const std::size_t n = std::fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, n);
  const int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

inline std::string quoted(const std::filesystem::path& path) {
  return "'" + path.string() + "'";
}

/// Fourteen small phantoms.
inline void make_data(const std::filesystem::path& folder) {
  REQUIRE(run("phantom --out " + quoted(folder) + " --benign 7 --malignant 7 --size 32").code == 0);
}

/// Options of a training that takes a moment: one epoch, images divided at random.
inline const std::string kOneEpoch =
    " --recipe paper --image 32 --base-width 4 --epochs 1 --batch 4 --history-size 2 --split "
    "random --auxiliary none ";

inline void is_one_error_line(const Outcome& outcome, int code, const std::string& text) {
  CHECK_MESSAGE(outcome.code == code, outcome.text);
  CHECK_MESSAGE(outcome.text.find(text) != std::string::npos, outcome.text);
  const auto last = outcome.text.substr(0, outcome.text.size() - 1).rfind('\n');
  const std::string line = outcome.text.substr(last == std::string::npos ? 0 : last + 1);
  CHECK_MESSAGE(line.find(text) != std::string::npos,
                outcome.text);  // the last line, and all of it
}

}  // namespace dmf
