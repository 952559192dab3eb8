#include <array>

#include "engine/core/rng.h"
#include "tests/support/run_fixture.h"

// Whatever ends a training, what is in its folder goes on or begins again, to the same bytes.

namespace dmf {

TEST_CASE_FIXTURE(RunFixture,
                  "train: killed at any call that changes the disk, the next command finishes it") {
  REQUIRE(run(train("whole")).code == 0);
  int n = 0, begun_again = 0;
  for (;;) {
    const std::string out = fmt::format("killed{}", ++n);
    const Outcome outcome = run(train(out), at_call(n, out));
    if (!was_killed(outcome)) {
      CHECK_MESSAGE(outcome.code == 0, outcome.text);
      break;
    }
    Outcome next = run(resume(out));
    if (next.code != 0) {
      ++begun_again;
      CHECK_FALSE(fs::exists(folder / out / "config.toml"));
      next = run(train(out));
    }
    REQUIRE_MESSAGE(next.code == 0, n, ": ", next.text);
    same_runs("whole", out);
    fs::remove_all(folder / out);
  }
  CHECK(n > 60);
  CHECK(begun_again > 0);
  CHECK(begun_again < 20);  // before its configuration is there
}

TEST_CASE_FIXTURE(RunFixture,
                  "train: a signal at any moment ends in a run that is complete or goes on") {
  REQUIRE(run(train("whole", "--epochs 2")).code == 0);
  Rng rng(3);
  int scoring = 0;
  for (int k = 0; k < 24; ++k) {
    const int signal = std::array{SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU}[rng.below(5)];
    // From the first checkpoint on; before, a signal ends the program as any other.
    const int n = 26 + static_cast<int>(rng.below(90));
    const std::string out = fmt::format("signal{}", k);
    const Outcome outcome = run(train(out, "--epochs 2"), at_call(n, out, signal));
    CAPTURE(outcome.text);
    CAPTURE(n);
    const bool complete = fs::exists(folder / out / "metrics.json");
    CHECK(outcome.code == (complete ? 0 : 128 + signal));
    if (!complete) {
      CHECK(has(outcome, "stopping after this step; once more to stop at once\n"));
      CHECK((has(outcome, "all of it saved. Go on with: " DMF_PROGRAMS "/train --resume /") ||
             has(outcome, "scoring stopped; " DMF_PROGRAMS "/train --resume /")));
      scoring += has(outcome, "scoring stopped") ? 1 : 0;
      REQUIRE(run(resume(out)).code == 0);
    }
    same_runs("whole", out);
  }
  CHECK(scoring > 0);
}

TEST_CASE_FIXTURE(RunFixture, "train: signals that whoever started it ignores stay ignored") {
  REQUIRE(run(train("whole")).code == 0);
  for (const auto& [name, signal] : {std::pair{"INT", SIGINT}, std::pair{"HUP", SIGHUP}}) {
    const std::string out = fmt::format("ignored{}", name);
    const Outcome outcome =
        run(train(out), fmt::format("trap '' {}; ", name) + at_call(30, out, signal));
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    same_runs("whole", out);
  }
}

TEST_CASE_FIXTURE(RunFixture, "train: an attempt that ended before its first step blocks nothing") {
  REQUIRE(run(train("whole")).code == 0);
  is_one_error_line(run(train("run", "--optimizer sgd --lr 1e38 --momentum 0")), 1,
                    "not_finite.safetensors");
  CHECK(run(train("run")).code == 0);
  same_runs("whole", "run");
  // Of an older version, which wrote its configuration first.
  fs::create_directories(folder / "early");
  fs::copy_file(folder / "whole/config.toml", folder / "early/config.toml");
  write_text(folder / "early/split.csv.partial", "id,pa");
  fs::copy(folder / "early", folder / "again", fs::copy_options::recursive);
  CHECK(run(resume("early")).code == 0);
  same_runs("whole", "early");
  CHECK(run(train("again")).code == 0);
  same_runs("whole", "again");
  is_one_error_line(run(resume("nowhere")), 1, "config.toml is not there: no run has begun");
}

TEST_CASE_FIXTURE(RunFixture, "train: nothing that comes after the training can lose it") {
  REQUIRE(run(train("whole")).code == 0);
  int number = 0;
  for (const char* part : {"panels/", "per_image.csv", "report.html"}) {
    const std::string out = fmt::format("full{}", ++number);
    const Outcome outcome = run(train(out), fmt::format("LD_PRELOAD=" DMF_FAULTY_IO
                                                        " DMF_FAULT=write DMF_FAULT_PATH='{}/{}' ",
                                                        out, part));
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    CHECK(has(outcome, "warning: "));
    CHECK(has(outcome, "No space left on device"));
    CHECK(read_text(folder / out / "metrics.json") == read_text(folder / "whole/metrics.json"));
    CHECK(run(resume(out)).code == 0);
    same_runs("whole", out);
  }
  for (const char* screen : {">&-", ">/dev/full", "| head -1 >/dev/null"}) {
    fs::remove_all(folder / "dark");
    run(train("dark") + " " + screen + " 2>/dev/null; true");
    same_runs("whole", "dark");
  }
  const Outcome full = run(train("full") + " 2>&1 >/dev/full)", "(");
  CHECK(full.code == 0);
  const std::string word = "standard output cannot be written: No space left on device";
  CHECK(has(full, word));
  CHECK(full.text.find(word) == full.text.rfind(word));
  // Factors that fall through the smallest numbers there are.
  const Outcome small = run(train("small",
                                  "--auxiliary cb_dice --aux-lambda 370 "
                                  "--batch-track-steps 0 --epochs 2"));
  CHECK_MESSAGE(small.code == 0, small.text);
  CHECK_FALSE(has(small, "warning: report.html"));
}

TEST_CASE_FIXTURE(RunFixture,
                  "train: other kernels than those it was begun with are told of when it goes on") {
  const Outcome done = run(train("run"));
  REQUIRE_MESSAGE(done.code == 0, done.text);
  CHECK_FALSE(has(run(resume("run")), "begun with kernels"));

  const fs::path file = folder / "run/run.json";
  std::string text = read_text(file);
  const std::string key = "\"kernels\": \"";
  const std::size_t at = text.find(key);
  REQUIRE(at != std::string::npos);
  text.insert(at + key.size(), "another than ");
  write_text(file, text);
  const Outcome resumed = run(resume("run"));
  CHECK_MESSAGE(resumed.code == 0, resumed.text);
  CHECK_MESSAGE(has(resumed, "warning: begun with kernels another than "), resumed.text);

  const Outcome unknown = run(train("other", "--isa z80"));
  CHECK(unknown.code == 2);
  CHECK_MESSAGE(has(unknown, "--isa"), unknown.text);
  CHECK_FALSE(fs::exists(folder / "other"));
}

}  // namespace dmf
