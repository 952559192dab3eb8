#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/support/needs.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/terminal.h"

// What a user sees: on a terminal lines that fit it and how long it will take; elsewhere neither.

namespace dmf {
namespace {

constexpr const char* kNoTerminals = "the system gives no pseudo-terminals (/dev/pts)";

struct ScreenFixture {
  TemporaryFolder folder;

  ScreenFixture() {
    REQUIRE(
        run("phantom --out " + quoted(folder / "data") + " --benign 40 --malignant 40 --size 64")
            .code == 0);
  }

  std::string train(const std::string& out) const {
    return DMF_PROGRAMS "/train --data " + quoted(folder / "data") +
           " --recipe paper --image 64 --base-width 4 --depth 2 --epochs 2 --batch 4 "
           "--auxiliary cb_dice --warmup-steps 1000 --threads 1 --out " +
           quoted(folder / out);
  }
};

std::size_t widest(const std::vector<std::string>& lines) {
  std::size_t most = 0;
  for (const std::string& line : lines) most = std::max(most, line.size());
  return most;
}

bool any_has(const std::vector<std::string>& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE_FIXTURE(ScreenFixture, "train: no line that stays is wider than 80, no bar wraps" *
                                     needs(has_terminals(), kNoTerminals)) {
  for (const auto columns : std::initializer_list<unsigned short>{20, 40, 57, 80, 120}) {
    const Screen screen = on_terminal(train(fmt::format("run{}", columns)), columns);
    REQUIRE_MESSAGE(screen.code == 0, screen.bytes);
    if (columns >= 80) CHECK_MESSAGE(widest(screen.lines) <= 80, screen.bytes);
    REQUIRE(!screen.redrawn.empty());
    CHECK(widest(screen.redrawn) < columns);
    CHECK(any_has(screen.redrawn, "["));
    if (columns >= 40) {
      CHECK_MESSAGE(any_has(screen.redrawn, " left, "), screen.bytes);
      CHECK(any_has(screen.lines, " left"));
    }
  }
}

TEST_CASE_FIXTURE(ScreenFixture, "programs: a bar on a terminal that can draw it, nowhere else" *
                                     needs(has_terminals(), kNoTerminals)) {
  const std::string run_folder = quoted(folder / "run"), data = quoted(folder / "data");
  REQUIRE(::system((train("run") + " >/dev/null 2>&1").c_str()) == 0);
  const std::map<std::string, std::string> programs = {
      {"images read", "inspect --data " + data},
      {"images scored", "evaluate --batch 2 --part all --run " + run_folder},
      {"images segmented", "predict --model " + run_folder + " --out " + quoted(folder / "m") +
                               " --overwrite --recursive " + data},
      {"epoch 1/2", ""}};
  int number = 0;
  for (const auto& [shown, arguments] : programs) {
    const auto command = [&, &arguments = arguments] {
      return arguments.empty() ? train(fmt::format("again{}", ++number))
                               : DMF_PROGRAMS "/" + arguments;
    };
    const Screen drawn = on_terminal(command(), 80);
    REQUIRE_MESSAGE(drawn.code == 0, drawn.bytes);
    CHECK_MESSAGE(any_has(drawn.redrawn, shown), drawn.bytes);
    CHECK_MESSAGE(widest(drawn.lines) <= 80, drawn.bytes);
    const Screen dumb = on_terminal(command(), 80, "dumb");
    CHECK(dumb.code == 0);
    CHECK_MESSAGE(dumb.bytes.find('\x1b') == std::string::npos, dumb.bytes);
    const Screen piped = on_terminal(command() + " 2>&1 | cat", 80);
    CHECK(piped.bytes.find('\x1b') == std::string::npos);
    CHECK(piped.redrawn.empty());
  }
}

TEST_CASE_FIXTURE(ScreenFixture, "train: a warning is on standard error, and there once") {
  const std::string command = train("run") + " --weighting fixed --lr 1e-12";
  REQUIRE(::system(
              (command + " >" + quoted(folder / "out") + " 2>" + quoted(folder / "err")).c_str()) ==
          0);
  const std::string errors = read_text(folder / "err");
  CHECK(read_text(folder / "out").find("warning") == std::string::npos);
  CHECK_MESSAGE(errors.find("warning: ") == 0, errors);
  std::istringstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    CHECK_MESSAGE(count_of(errors, line + "\n") == 1, line);
  }
}

}  // namespace dmf
