#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/files/csv.h"
#include "engine/core/rng.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// Grids as a user starts, stops and reports on them.

namespace dmf {
namespace {

const std::string kPlan =
    "--configurations fixed,fixed+cb_dice,variance,random+cb_dice --repeats 2 ";

struct GridFixture {
  TemporaryFolder folder;

  GridFixture() { make_data(folder / "data"); }
  std::string grid(const std::string& out, const std::string& plan = kPlan) const {
    return "experiment --data " + quoted(folder / "data") + " --out " + quoted(folder / out) +
           " --image 32 --base-width 4 --epochs 2 --batch 4 --history-size 2 " + plan;
  }
  std::string tables(const std::string& out) const {
    std::string all;
    for (const char* name :
         {"matrix", "paper", "beside_paper", "lesion", "tests", "every_run", "sizes", "extremes"}) {
      for (const char* ending : {".csv", ".md", ".tex"}) {
        const std::string text =
            read_text(folder / out / "report/tables" / (std::string(name) + ending));
        // The paper has a row for some configurations only.
        const bool may_lack = std::string(name) == "beside_paper";
        const std::string table = std::string(name) + ending;
        CHECK_MESSAGE((may_lack || !text.empty()), table);
        all += text;
      }
    }
    for (const char* name : {"runs.csv", "images.csv"}) {
      all += read_text(folder / out / "report" / name);
    }
    return all;
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE_FIXTURE(
    GridFixture,
    "experiment: killed at random moments and gone on with, it ends in the same tables") {
  const Outcome whole = run(grid("whole"));
  REQUIRE_MESSAGE(whole.code == 0, whole.text);
  CHECK(count(whole.text, " done (") == 8);
  const std::string expected = tables("whole");
  // Paired: the same split and seed for every configuration of a repetition, another for the next.
  const std::string split = read_text(folder / "whole/fixed/r1/split.csv");
  CHECK(read_text(folder / "whole/random+cb_dice/r1/split.csv") == split);
  CHECK(read_text(folder / "whole/fixed/r2/split.csv") != split);

  Rng rng(4);
  int kills = 0;
  while (kills < 12) {
    const Outcome outcome = run(grid("killed") + " --jobs 2",
                                fmt::format("timeout -s KILL {:.3f} ", rng.uniform(0.05, 0.6)));
    if (outcome.code != 137) break;
    ++kills;
  }
  CHECK(kills > 0);
  const Outcome last = run(grid("killed"));
  REQUIRE_MESSAGE(last.code == 0, last.text);
  CHECK(tables("killed") == expected);
  const Outcome again = run(grid("whole"));  // nothing is redone
  CHECK(count(again.text, " done (") == 0);
  CHECK(tables("whole") == expected);

  // A report of some runs, from the folders alone.
  const Outcome part =
      run("experiment report " + quoted(folder / "whole/fixed/") + " " +
          quoted(folder / "whole/variance/r1") + " " + quoted(folder / "whole/variance") +
          " --out " + quoted(folder / "part/report"));
  REQUIRE_MESSAGE(part.code == 0, part.text);
  CHECK(read_csv(folder / "part/report/tables/paper.csv").rows.size() == 2);
  // A rule replayed on what its own run recorded gives the weights of that run.
  REQUIRE(run("experiment replay " + quoted(folder / "whole/variance/r1/steps.csv") +
              " --weighting variance --history-size 2 --out " + quoted(folder / "w.csv"))
              .code == 0);
  const CsvTable steps = read_csv(folder / "whole/variance/r1/steps.csv"),
                 weights = read_csv(folder / "w.csv");
  REQUIRE(steps.rows.size() == weights.rows.size());
  for (std::size_t k = 0; k < steps.rows.size(); ++k) {
    for (const char* column : {"weight_cce", "weight_mean_iou", "weight_mean_dice"}) {
      CHECK(weights.text(k, column) == steps.text(k, column));
    }
  }
}

TEST_CASE_FIXTURE(
    GridFixture,
    "experiment: shards make up the grid; a failed run is recorded and does not stop it") {
  for (const char* shard : {"1/3", "2/3", "3/3"}) {
    CHECK(run(grid("shards") + "--shard " + shard).code == 0);
  }
  const Outcome report = run("experiment report " + quoted(folder / "shards") + " --out " +
                             quoted(folder / "shards/report"));
  REQUIRE_MESSAGE(report.code == 0, report.text);
  REQUIRE(run(grid("all")).code == 0);
  CHECK(tables("shards") == tables("all"));

  const std::string wild =
      grid("wild", "--configurations fixed,variance --vary 'lr=0.001 1e30' --repeats 2 ");
  const Outcome failed = run(wild);
  CHECK(failed.code == 1);
  CHECK(count(failed.text, " FAILED: train: [train] step 1:") == 4);
  CHECK(failed.text.find("4 of 8 runs done, 4 failed") != std::string::npos);
  CHECK(failed.text.find("failed: ") != std::string::npos);
  CHECK(read_text(folder / "wild/fixed,lr=1e30/r1.failed").find("is not finite") !=
        std::string::npos);
  CHECK(count(run(wild).text, "FAILED") == 0);  // not tried again unless asked
  CHECK(count(run(wild + "--retry-failed").text, "FAILED") == 4);
}

TEST_CASE_FIXTURE(GridFixture,
                  "experiment: of a recipe's ablations only what is changed is in their names") {
  const Outcome outcome =
      run(grid("g",
               "--configurations fixed,random --ablate lr=0.01 --ablate initial-weights=1,2,3 "
               "--ablate 'batch=2; augment=flips, noise(p=0.5)' --repeats 1 "));
  REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
  const CsvTable runs = read_csv(folder / "g/report/runs.csv");
  std::vector<std::string> names;
  for (std::size_t k = 0; k < runs.rows.size(); ++k) names.push_back(runs.text(k, "configuration"));
  names.erase(std::unique(names.begin(), names.end()), names.end());
  CHECK(names ==
        std::vector<std::string>{
            "fixed",
            "fixed,augment=\"flip(p=0.5, axis=horizontal), noise(p=0.5, sigma=0:0.05)\",batch=2",
            "fixed,initial-weights=[1, 2, 3]", "fixed,lr=0.01", "random"});
  const CsvTable tuned = read_csv(folder / "g/report/tables/tuned.csv");
  REQUIRE(tuned.rows.size() == 1);
  CHECK(tuned.text(0, "configuration") == "random");
  // What half of them have is nobody's usual value.
  const Outcome two = run("experiment report " + quoted(folder / "g/fixed") + " " +
                          quoted(folder / "g/fixed,lr=0.01") + " --out " + quoted(folder / "two"));
  REQUIRE_MESSAGE(two.code == 0, two.text);
  CHECK(read_csv(folder / "two/runs.csv").text(0, "configuration") == "fixed,lr=0.001");
}

TEST_CASE_FIXTURE(
    GridFixture,
    "experiment: a signal lets the runs at work save; its own configuration repeats it") {
  const std::string plan =
      "--configurations fixed,variance --vary 'lr=0.001 0.01' --vary 'losses=cce,focal cce' "
      "--repeats 1 --jobs 2 ";
  // Late enough for a run to be at work, early enough for some to be left. (Without --foreground
  // the signal comes twice, and the second ends a program at once.)
  Outcome stopped{};
  const std::string word = "stopped, all of it saved. Go on with the same command";
  for (int tenths = 1; tenths <= 20 && stopped.text.find(word) == std::string::npos; ++tenths) {
    std::filesystem::remove_all(folder / "a");
    stopped = run(grid("a", plan),
                  fmt::format("timeout --foreground --preserve-status -s TERM {} ", 0.1 * tenths));
  }
  is_one_error_line(stopped, 143, word);
  CHECK(stopped.text.find("FAILED") == std::string::npos);
  REQUIRE(run(grid("a", plan)).code == 0);
  const Outcome again = run("experiment --config " + quoted(folder / "a/grid.toml") + " --out " +
                            quoted(folder / "b"));
  REQUIRE_MESSAGE(again.code == 0, again.text);
  CHECK(count(again.text, " done (") == 8);
  CHECK(tables("b") == tables("a"));
}

TEST_CASE_FIXTURE(GridFixture, "experiment: what it refuses, in one line") {
  is_one_error_line(run("experiment --out x"), 2, "--data is required");
  is_one_error_line(run(grid("a") + "--weighting mad"), 2,
                    "--weighting is set by --configurations");
  is_one_error_line(run(grid("a") + "--shard 4/3"), 2, "got '4/3', expected I/N");
  is_one_error_line(run(grid("a", "--configurations median")), 1, "median");
  is_one_error_line(run(grid("a") + "--losses cce --class-weights 1,2,3 --num-classes 2"), 1,
                    "3 class weights for 2 classes");
  CHECK_FALSE(std::filesystem::exists(folder / "a"));
  is_one_error_line(run("experiment report " + quoted(folder / "data") + " --out x"), 1,
                    "holds no finished run");
  is_one_error_line(run("experiment report /nowhere --out x"), 1, "/nowhere is not a folder");

  const std::string tiny = "--configurations fixed --repeats 1 ";
  REQUIRE(run(grid("one", tiny)).code == 0);
  // Of every run, done or not, from its plan or from its own configuration.
  const std::string planned = read_text(folder / "one/grid.toml");
  is_one_error_line(run(grid("one", tiny) + "--lr 0.5"), 1, "and 0.5 in this grid");
  std::filesystem::remove(folder / "one/fixed/r1.toml");
  is_one_error_line(run(grid("one", tiny) + "--lr 0.5"), 1,
                    "one/fixed/r1 was planned with other options: lr is 0.001 in ");
  CHECK(read_text(folder / "one/grid.toml") == planned);
  std::filesystem::remove(folder / "one/fixed/r1/metrics.json");
  is_one_error_line(run(grid("one", tiny) + "--lr 0.5"), 1, "was planned with other options");
  REQUIRE(run(grid("one", tiny)).code == 0);

  REQUIRE(run("phantom --out " + quoted(folder / "other") + " --benign 5 --malignant 5 --size 32")
              .code == 0);
  REQUIRE(run("train --data " + quoted(folder / "other") + " --out " + quoted(folder / "two/r") +
              " --recipe paper --image 32 --base-width 4 --epochs 1 --batch 4")
              .code == 0);
  const std::string both = "experiment report " + quoted(folder / "one") + " " +
                           quoted(folder / "two") + " --out " + quoted(folder / "report");
  is_one_error_line(run(both), 1, "are runs of different data sets");
  const std::string provenance = read_text(folder / "one/fixed/r1/run.json");
  std::string newer = provenance;
  newer.replace(newer.find("0.1.0"), 5, "9.9.9");
  std::filesystem::remove_all(folder / "two");
  std::filesystem::copy(folder / "one", folder / "two", std::filesystem::copy_options::recursive);
  is_one_error_line(run(both), 1, "are both fixed, seed 1");
  write_text(folder / "two/fixed/r1/run.json", newer);
  is_one_error_line(run(both), 1, "were made by different versions: 0.1.0 and 9.9.9");
  CHECK_FALSE(std::filesystem::exists(folder / "report/report.html"));

  write_text(folder / "folds.csv", "id,fold\nbenign (1),1\nnobody,2\n");
  is_one_error_line(run("train --data " + quoted(folder / "data") + " --out " +
                        quoted(folder / "f") + " --folds-file " + quoted(folder / "folds.csv")),
                    1, "row 2: the data set has no image 'nobody'");
}

TEST_CASE_FIXTURE(GridFixture,
                  "experiment: a run that is killed from outside is named, and tried again") {
  const std::string tiny = grid("one", "--configurations fixed,variance --repeats 1 ");
  const Outcome killed = run(tiny, "LD_PRELOAD=" DMF_FAULTY_IO
                                   " DMF_FAULT=kill DMF_FAULT_PATH=fixed/r1/last.safetensors ");
  CHECK(killed.code == 1);
  CHECK_MESSAGE(killed.text.find("fixed r1 FAILED: killed by signal 9: often the system's memory "
                                 "ran out") != std::string::npos,
                killed.text);
  CHECK(killed.text.find("1 of 2 runs done, 1 failed: --retry-failed tries them again") !=
        std::string::npos);
  const Outcome again = run(tiny);
  CHECK_MESSAGE(again.code == 0, again.text);
  CHECK(count(again.text, " done (") == 1);

  std::filesystem::create_directories(folder / "alone");
  std::filesystem::copy_file(DMF_PROGRAMS "/experiment", folder / "alone/experiment");
  is_one_error_line(run("train --help > /dev/null; " + quoted(folder / "alone") + "/" + tiny), 1,
                    "alone/train: No such file or directory");
}

TEST_CASE_FIXTURE(GridFixture, "experiment duplicates: groups, and classes that differ") {
  std::filesystem::copy(folder / "data/benign/benign (3).png",
                        folder / "data/malignant/malignant (8).png");
  std::filesystem::copy(folder / "data/benign/benign (3)_mask.png",
                        folder / "data/malignant/malignant (8)_mask.png");
  const Outcome found =
      run("experiment duplicates --data " + quoted(folder / "data") +
          " --image 32 --duplicate-threshold 0.999 --csv " + quoted(folder / "d.csv"));
  CHECK_MESSAGE(found.code == 0, found.text);
  CHECK(found.text.find("benign/benign (3), malignant/malignant (8)") != std::string::npos);
  CHECK(found.text.find("CONFLICT: benign and malignant; benign/benign (3) and malignant/malignant "
                        "(8) are the same file") != std::string::npos);
  CHECK(found.text.find("1 groups of near-duplicates") != std::string::npos);
  CHECK(read_csv(folder / "d.csv").rows.size() == 2);
}

TEST_CASE_FIXTURE(GridFixture,
                  "experiment: cross-validation tests every image once, grouped or not") {
  const std::string cv =
      grid("cv", "--folds 3 --repeats 3 --split grouped --configurations fixed ");
  REQUIRE(run(cv).code == 0);
  std::map<std::string, int> tested;
  for (const char* repetition : {"r1", "r2", "r3"}) {
    const CsvTable images = read_csv(folder / "cv/fixed" / repetition / "per_image.csv");
    for (std::size_t k = 0; k < images.rows.size(); ++k) ++tested[images.text(k, "id")];
  }
  CHECK(tested.size() == 14);
  for (const auto& image : tested) CHECK_MESSAGE(image.second == 1, image.first);
  CHECK(read_text(folder / "cv/report/report.html").find("fold 2 of 3, grouped, seed 1") !=
        std::string::npos);
}

}  // namespace dmf
