#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "engine/core/rng.h"
#include "engine/io/safetensors.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// A training that is stopped, anyhow, and goes on.

namespace dmf {
namespace {

/// Everything that has a state: dropout, the average of the weights, the Bayesian rule's prior.
const std::string kOptions =
    " --recipe paper --image 32 --base-width 4 --epochs 3 --batch 4 --history-size 2 --auxiliary "
    "cb_dice "
    "--weighting bayesian --augment strong --dropout 0.2 --ema 0.9 --checkpoint-every 1 ";

const std::vector<std::string> kResults = {
    "last.safetensors", "best.safetensors", "steps.csv", "epochs.csv",
    "metrics.json",     "config.toml",      "split.csv", "checkpoint.safetensors"};

struct Fixture {
  TemporaryFolder folder;

  Fixture() {
    make_data(folder / "data");
    const Outcome whole = run(train("whole"));
    REQUIRE_MESSAGE(whole.code == 0, whole.text);
  }
  std::string train(const std::string& out) const {
    return "train --data " + quoted(folder / "data") + kOptions + "--out " + quoted(folder / out);
  }
  std::string resume(const std::string& out) const {
    return "train --resume " + quoted(folder / out);
  }
  void same_as_whole(const std::string& out) const {
    for (const std::string& name : kResults) {
      const std::string expected = read_text(folder / "whole" / name);
      CHECK_MESSAGE(!expected.empty(), name);
      CHECK_MESSAGE(read_text(folder / out / name) == expected, name);
    }
  }
};

/// The end of a training that is killed again and again, ever later, and resumed.
Outcome killed_and_resumed(const std::string& train, const std::filesystem::path& folder) {
  Outcome outcome = run(train, "timeout -s KILL 0.15 ");
  for (int kills = 0; outcome.code == 137 && kills < 20; ++kills) {
    const bool begun = std::filesystem::exists(folder / "checkpoint.safetensors");
    outcome = run(begun ? "train --resume " + quoted(folder) : train,
                  fmt::format("timeout -s KILL {:.2f} ", 0.2 + 0.1 * kills));
  }
  return outcome;
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "train: killed at random moments and resumed, it ends the same") {
  Rng rng(7);
  int kills = 0;
  for (int runs = 0; kills < 50; ++runs) {
    REQUIRE(runs < 100);
    const std::string out = fmt::format("killed{}", runs);
    Outcome outcome{};
    std::string command = train(out) + " --overwrite";
    do {
      const std::string limit = fmt::format("timeout -s KILL {:.3f} ", rng.uniform(0.005, 0.25));
      outcome = run(command, limit);
      kills += outcome.code == 137 ? 1 : 0;
      if (std::filesystem::exists(folder / out / "checkpoint.safetensors")) command = resume(out);
    } while (outcome.code == 137 && kills < 50);
    outcome = run(command);
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    same_as_whole(out);
  }
}

TEST_CASE("train: whatever learns, counts epochs, looks again or averages goes on as it was") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  for (const std::string what :
       {"--weighting famo", "--weighting dwa", "--weighting uw", "--weighting relobralo",
        "--weighting gradnorm", "--weighting gradvac", "--swa 2 --deep-supervision 2",
        "--early-stop 2 --epochs 9", "--weighting pcgrad --pcgrad-order random",
        "--weighting nash --nash-update-every 5"}) {
    CAPTURE(what);
    const auto train = [&](const std::string& out) {
      return "train --data " + quoted(folder / "data") +
             " --recipe paper --image 32 --base-width 4 --batch 4 --dropout 0.2 --checkpoint-every 1 " +
             (what.find("--epochs") == std::string::npos ? "--epochs 3 " : "") + what + " --out " +
             quoted(folder / out);
    };
    const std::string name = what.substr(what.rfind(' ') + 1);
    const std::string whole = name + "_whole", cut = name + "_cut";
    const Outcome expected = run(train(whole));
    REQUIRE_MESSAGE(expected.code == 0, expected.text);
    const Outcome outcome = killed_and_resumed(train(cut), folder / cut);
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    for (const char* file : {"last.safetensors", "steps.csv", "metrics.json"}) {
      CHECK_MESSAGE(read_text(folder / cut / file) == read_text(folder / whole / file), file);
    }
  }
}

TEST_CASE("train --budget: what was chosen is the run's, which repeats without it") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string command = "train --data " + quoted(folder / "data") +
                              " --recipe paper --image 32 --base-width 4 --batch 4 ";
  const Outcome outcome = run(command + "--budget 1s --out " + quoted(folder / "run"));
  REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  CHECK_MESSAGE(outcome.text.find("budget    32 x 32, 4 channels, at ") != std::string::npos,
                outcome.text);
  const std::string config = read_text(folder / "run/config.toml");
  CHECK(config.find("budget") == std::string::npos);
  CHECK(config.find("\nupdates=0\n") == std::string::npos);
  const Outcome again = run("train --config " + quoted(folder / "run/config.toml") + " --out " +
                            quoted(folder / "b"));
  REQUIRE_MESSAGE(again.code == 0, again.text);
  CHECK(read_text(folder / "b/steps.csv") == read_text(folder / "run/steps.csv"));
  const std::string wrong = command + "--out " + quoted(folder / "c") + " --budget ";
  is_one_error_line(run(wrong + "soon"), 2, "got 'soon', expected a time as 90s, 40m or 1h30m");
  is_one_error_line(run(wrong + "1h --epochs 3"), 2,
                    "--budget says how many steps there are: --epochs cannot be given with it");
  CHECK(!std::filesystem::exists(folder / "c"));
}

TEST_CASE("train --early-stop: the run ends once so many epochs were no better, and is complete") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  // Steps so small that no score changes: the first epoch is the best.
  const Outcome outcome =
      run("train --data " + quoted(folder / "data") +
          " --recipe paper --image 32 --base-width 4 --batch 4 --epochs 50 "
          "--optimizer sgd --lr 1e-30 --bn-momentum 1e-9 --early-stop 3 --out " +
          quoted(folder / "run"));
  REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  CHECK_MESSAGE(outcome.text.find("stopped   after epoch 4 of 50: none better since epoch 1 "
                                  "(--early-stop 3)") != std::string::npos,
                outcome.text);
  const std::string epochs = read_text(folder / "run/epochs.csv");
  CHECK(std::count(epochs.begin(), epochs.end(), '\n') == 5);
  const std::string metrics = read_text(folder / "run/metrics.json");
  const Outcome again = run("train --resume " + quoted(folder / "run"));
  REQUIRE_MESSAGE(again.code == 0, again.text);
  CHECK(read_text(folder / "run/epochs.csv") == epochs);
  CHECK(read_text(folder / "run/metrics.json") == metrics);
}

TEST_CASE("train: soft labels of augmented images go on as they were") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const auto train = [&](const std::string& out) {
    return "train --data " + quoted(folder / "data") + kOptions +
           " --losses cce,mean_dice --probability-masks --soft-labels --out " +
           quoted(folder / out);
  };
  const Outcome expected = run(train("whole"));
  REQUIRE_MESSAGE(expected.code == 0, expected.text);
  const Outcome outcome = killed_and_resumed(train("cut"), folder / "cut");
  REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  for (const std::string& name : kResults) {
    if (name == "config.toml") continue;  // which names its folder
    CHECK_MESSAGE(read_text(folder / "cut" / name) == read_text(folder / "whole" / name), name);
  }
}

TEST_CASE_FIXTURE(Fixture,
                  "train: SIGINT and SIGTERM finish the step, save, and say how to go on") {
  for (const auto& [signal, code] : {std::pair{"INT", 130}, std::pair{"TERM", 143}}) {
    // Early enough to come before the end, late enough to come after the beginning, on a machine
    // that may be busy with others' work too.
    int stopped = 0;
    double seconds = 0.02;
    for (int attempt = 0; attempt < 80 && stopped == 0; ++attempt, seconds *= 1.08) {
      const std::string out = fmt::format("{}{}", signal, attempt);
      const Outcome outcome =
          run(train(out), fmt::format("timeout --preserve-status -s {} {:.3f} ", signal, seconds));
      if (outcome.code != code || outcome.text.find("--resume") == std::string::npos ||
          outcome.text.find("stopped after step 0 ") != std::string::npos) {
        continue;
      }
      ++stopped;
      is_one_error_line(outcome, code,
                        "all of it saved. Go on with: " DMF_PROGRAMS "/train --resume");
      const Outcome resumed = run(resume(out));
      REQUIRE_MESSAGE(resumed.code == 0, resumed.text);
      CHECK_MESSAGE(resumed.text.find("resumed   after step") != std::string::npos, resumed.text);
      same_as_whole(out);
    }
    CHECK(stopped == 1);
  }
}

TEST_CASE_FIXTURE(Fixture, "train --resume: what it refuses, and a run that is complete") {
  REQUIRE(run(resume("whole")).code == 0);  // only scores it again
  same_as_whole("whole");
  is_one_error_line(run(resume("whole") + " --epochs 9"), 2, "--epochs cannot be given with it");
  is_one_error_line(run(resume("nowhere")), 1, "config.toml is not there");
  is_one_error_line(run("train --out x"), 2, "--data is required");

  const int held = ::open((folder / "whole").c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(::flock(held, LOCK_EX) == 0);
  is_one_error_line(run(resume("whole")), 1, "in use by another process");
  is_one_error_line(run(train("whole") + " --overwrite"), 1, "in use by another process");
  ::close(held);

  const auto changed = [&](const std::string& name, const std::string& content,
                           const std::string& problem) {
    const std::string before = read_text(folder / "whole" / name);
    write_text(folder / "whole" / name, content);
    is_one_error_line(run(resume("whole")), 1, problem);
    write_text(folder / "whole" / name, before);
  };
  const std::string config = read_text(folder / "whole/config.toml");
  std::string other = config;
  other.replace(other.find("lr=0.001"), 8, "lr=0.002");
  changed("config.toml", other,
          "config.toml is not what the run was trained with: lr is 0.002 in it and 0.001 in the "
          "checkpoint");
  // A name that older versions wrote means other draws now; a run of this one has it in full.
  const std::size_t begin = config.find("augment=\"flip(p=0.5, axis=horizontal), affine(p=0.8, ");
  REQUIRE(begin != std::string::npos);
  std::string older = config;
  older.replace(begin, older.find('\n', begin) - begin, "augment=\"strong\"");
  changed("config.toml", older, "says augment=\"strong\", as older versions wrote it");
  changed("steps.csv", "step,epoch\n", "steps.csv is not what the run wrote");
  const std::string metrics = read_text(folder / "whole/metrics.json");
  std::filesystem::remove(folder / "whole/metrics.json");  // no longer complete
  changed("steps.csv", "step,epoch\n", "has other columns");
  const std::string steps = read_text(folder / "whole/steps.csv");
  changed("steps.csv", steps.substr(0, steps.size() / 2), "rows: the checkpoint was made after");
  const std::string checkpoint = read_text(folder / "whole/checkpoint.safetensors");
  changed("checkpoint.safetensors", checkpoint.substr(0, checkpoint.size() / 2), "checkpoint");
  changed("checkpoint.safetensors", read_text(folder / "whole/last.safetensors"),
          "its format is 'dmf-unet': expected 'dmf-checkpoint'");
  Safetensors newer = read_safetensors(folder / "whole/checkpoint.safetensors");
  newer.metadata["version"] = "7";
  changed("checkpoint.safetensors", to_bytes(newer),
          "it has version 7: this program reads up to 2");
  REQUIRE(run(resume("whole")).code == 0);
  CHECK(read_text(folder / "whole/metrics.json") == metrics);
}

}  // namespace dmf
