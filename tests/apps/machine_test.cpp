#include <doctest/doctest.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <thread>

#include "apps/image/codecs/image_file.h"
#include "apps/support/machine_limits.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// Busy machines, few cores, little memory.

namespace dmf {
namespace {

namespace fs = std::filesystem;

const std::string kSmall =
    " --recipe paper --image 32 --base-width 4 --depth 2 --epochs 1 --batch 4 ";

#if defined(_OPENMP) && !defined(__clang__)
/// A program at work, as a user starts it.
class AtWork {
 public:
  AtWork(const fs::path& folder, const std::vector<std::string>& words,
         const std::vector<std::pair<std::string, std::string>>& variables)
      : pid_(::fork()) {
    if (pid_ == 0) {
      for (const char* name : {"GOMP_SPINCOUNT", "OMP_WAIT_POLICY"}) ::unsetenv(name);
      for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
      std::vector<char*> argv;
      for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
      argv.push_back(nullptr);
      if (::chdir(folder.c_str()) == 0) ::execv(DMF_PROGRAMS "/phantom", argv.data());
      ::_exit(127);
    }
  }
  ~AtWork() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  /// A file of /proc that tells of it: "environ"
  std::string told(const std::string& name) const {
    return read_text(fs::path("/proc") / std::to_string(pid_) / name);
  }
  fs::path link(const std::string& name) const {
    return fs::read_symlink(fs::path("/proc") / std::to_string(pid_) / name);
  }

 private:
  pid_t pid_;
};
#endif

}  // namespace

#if defined(_OPENMP) && !defined(__clang__)
TEST_CASE("programs: spinning is bounded unless the user has a say; nothing else changes") {
  if (!fs::exists("/proc/self/exe")) {
    MESSAGE("skipped: without /proc a program does not find itself");
    return;
  }
  const TemporaryFolder folder;
  const std::vector<std::vector<std::pair<std::string, std::string>>> environments = {
      {}, {{"GOMP_SPINCOUNT", "12"}}, {{"OMP_WAIT_POLICY", "passive"}}};
  for (std::size_t k = 0; k < environments.size(); ++k) {
    const std::string out = std::to_string(k);
    const std::vector<std::string> words = {"any name", "--out",       out, "--benign",
                                            "9000",     "--malignant", "0", "--threads",
                                            "1",        "--size",      "64"};
    const AtWork program(folder.path(), words, environments[k]);
    for (int wait = 0; wait < 1000 && !fs::exists(folder / (out + "/benign/benign (1).png"));
         ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::string command;
    for (const std::string& word : words) command += word + '\0';
    CHECK(program.told("cmdline") == command);
    CHECK(program.told("comm") == "phantom\n");
    CHECK(program.link("cwd") == fs::canonical(folder.path()));
    const std::string environment = '\0' + program.told("environ");
    const auto set = environment.find(std::string("\0GOMP_SPINCOUNT=", 16));
    CHECK((set != std::string::npos) == (k < 2));
    if (k == 1) CHECK(environment.substr(set + 16, 3) == std::string("12\0", 3));
  }
}
#endif

TEST_CASE("programs: more threads or runs than cores are told of, once; runs share the threads") {
  const TemporaryFolder folder;
  const int cores = usable_cores();
  make_data(folder / "data");
  const auto warned = [&](const std::string& options, int number) {
    const Outcome outcome = run("phantom --benign 1 --malignant 0 --size 32 --out " +
                                quoted(folder / std::to_string(number)) + options);
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    const auto at = outcome.text.find("threads, and this process may use");
    CHECK(at == outcome.text.rfind("threads, and this process may use"));
    return at != std::string::npos;
  };
  CHECK(warned(fmt::format(" --threads {}", cores + 1), 1));
  CHECK_FALSE(warned(fmt::format(" --threads {}", cores), 2));
  CHECK_FALSE(warned("", 3));
  const Outcome grid = run("experiment --data " + quoted(folder / "data") + kSmall +
                           "--configurations fixed --repeats 3 --jobs 3 --threads 6 --out " +
                           quoted(folder / "grid"));
  REQUIRE_MESSAGE(grid.code == 0, grid.text);
  for (const char* log : {"r1.log", "r2.log", "r3.log"}) {
    CHECK(read_text(folder / "grid/fixed" / log).find("machine   2 threads") != std::string::npos);
  }
}

#if !defined(__SANITIZE_ADDRESS__)
TEST_CASE("programs: whatever memory there is, they do their work or say in what it ran out") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  std::mt19937 random(7);
  std::vector<std::uint8_t> pixels(std::size_t{1800} * 1800), mask(pixels.size());
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() % 200);
  std::fill_n(mask.begin(), mask.size() / 10, 255);
  write_png(folder / "data/benign/benign (8).png", 1800, 1800, 1, pixels);
  write_png(folder / "data/benign/benign (8)_mask.png", 1800, 1800, 1, mask);
  const std::string data = quoted(folder / "data"), trained = quoted(folder / "trained");
  REQUIRE(run("train --data " + data + kSmall + "--out " + trained).code == 0);
  int least = 20000;  // kB; below, the system's loader says so itself
  while (run("train --version", fmt::format("ulimit -v {}; ", least)).code != 0) least += 1000;
  const auto swept = [&](const std::string& program, const std::string& arguments) {
    std::size_t failed = 0;
    for (int k = 0; k < 14; ++k) {
      const int limit =
          static_cast<int>(least * std::exp2(0.2 * static_cast<double>(random() % 1000) / 100.0));
      const Outcome outcome =
          run(program + " " + arguments + " --threads 2", fmt::format("ulimit -v {}; ", limit));
      if (outcome.code == 0) continue;
      ++failed;
      INFO(limit, " kB: ", outcome.text);
      CHECK(outcome.code == 1);
      CHECK(outcome.text.find("std::bad_alloc") == std::string::npos);
      CHECK(outcome.text.find("what():") == std::string::npos);
      bool is_named = false;
      for (const char* word : {"out of memory ", "[threads] cannot start", "Cannot allocate memory",
                               "error while loading shared libraries"}) {
        is_named = is_named || outcome.text.find(word) != std::string::npos;
      }
      CHECK(is_named);
    }
    return failed;
  };
  fs::path out = folder / "runs";
  std::size_t failed =
      swept("train", "--data " + data + kSmall + "--overwrite --out " + quoted(out));
  failed += swept("evaluate", "--part all --run " + trained);
  failed += swept("inspect", "--data " + data);
  failed += swept("predict", "--overwrite --model " + trained + " --out " + quoted(folder / "m") +
                                 " " + quoted(folder / "data/benign"));
  CHECK(failed > 4);
}

TEST_CASE("predict: an image that is too large for the memory does not stop the others") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  REQUIRE(
      run("train --data " + quoted(folder / "data") + kSmall + "--out " + quoted(folder / "run"))
          .code == 0);
  fs::create_directories(folder / "in");
  write_png(folder / "in/a.png", 6000, 6000, 1, std::vector<std::uint8_t>(36000000, 9));
  write_png(folder / "in/b.png", 32, 32, 1, std::vector<std::uint8_t>(1024, 9));
  const std::string predict =
      "predict --threads 1 --model " + quoted(folder / "run") + " --out " + quoted(folder / "out");
  const Outcome outcome = run(predict + " " + quoted(folder / "in"), "ulimit -v 400000; ");
  CHECK(outcome.code == 1);
  const std::string named =
      "[memory] out of memory while segmenting " + (folder / "in/a.png").string();
  CHECK_MESSAGE(outcome.text.find(named) != std::string::npos, outcome.text);
  CHECK_MESSAGE(outcome.text.find("1 of 2 images segmented") != std::string::npos, outcome.text);
  CHECK(fs::exists(folder / "out/b_mask.png"));
}

TEST_CASE("programs: threads that cannot be had are one line") {
  const TemporaryFolder folder;
  is_one_error_line(
      run("phantom --threads 200 --benign 1 --malignant 0 --out " + quoted(folder / "a"),
          "ulimit -v 400000; "),
      1, "phantom: [threads] cannot start 200 threads: ");
}
#endif

}  // namespace dmf
