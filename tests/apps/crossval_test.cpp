#include <doctest/doctest.h>

#include <optional>
#include <set>

#include "apps/files/csv.h"
#include "apps/run/run_folder.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// A cross-validation and its ensemble, as a user starts them.

namespace dmf {
namespace {

struct CrossvalFixture {
  TemporaryFolder folder;

  CrossvalFixture() { make_data(folder / "data"); }
  std::string crossval(const std::string& more = "") const {
    return "experiment crossval --data " + quoted(folder / "data") + " --out " +
           quoted(folder / "cv") +
           " --folds 4 --set-aside 4 --split random --recipe quick --image 32 --base-width 4 "
           "--epochs 2 --batch 4 --history-size 2 --inference validation " +
           more;
  }
  std::set<std::string> ids(const std::string& table) const {
    std::set<std::string> all;
    const CsvTable rows = read_csv(folder / "cv" / table);
    for (std::size_t row = 0; row < rows.rows.size(); ++row) all.insert(rows.text(row, "id"));
    return all;
  }
};

}  // namespace

TEST_CASE_FIXTURE(
    CrossvalFixture,
    "crossval: a model a fold, each image by one that has not seen it, the ensemble on the rest") {
  const Outcome cost = run(crossval("--dry-run"));
  REQUIRE_MESSAGE(cost.code == 0, cost.text);
  CHECK(cost.text.find("cost      3 folds of about") != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "cv"));

  // Beside another fold, never beside itself.
  std::filesystem::create_directories(folder / "cv/shards/fold1-1-of-1");
  std::optional<RunLock> fold1(folder / "cv/shards/fold1-1-of-1");
  is_one_error_line(run(crossval("--fold 1")), 1, "in use by another process");
  const Outcome one = run(crossval("--fold 2"));
  REQUIRE_MESSAGE(one.code == 0, one.text);
  CHECK(one.text.find("folds     1 of 3 done") != std::string::npos);
  CHECK(!std::filesystem::exists(folder / "cv/ensemble.safetensors"));
  fold1.reset();

  const Outcome whole = run(crossval());
  REQUIRE_MESSAGE(whole.code == 0, whole.text);
  CHECK(whole.text.find("folds     3 of 3 done") != std::string::npos);
  const std::string table = read_text(folder / "cv/crossval.md");
  CHECK(whole.text.find(table) != std::string::npos);
  for (const char* row : {"| fold1 |", "| fold3 |", "| **all** |", "| **ensemble**"}) {
    CHECK_MESSAGE(table.find(row) != std::string::npos, row);
  }

  // No image set aside is in any fold, and together they are all there are.
  const std::set<std::string> seen = ids("per_image.csv"), aside = ids("aside.csv");
  std::set<std::string> all = seen;
  all.insert(aside.begin(), aside.end());
  const CsvTable split = read_csv(folder / "cv/fold1/r1/split.csv");
  CHECK(all.size() == split.rows.size());
  CHECK(seen.size() + aside.size() == all.size());
  std::size_t set_aside = 0;
  for (std::size_t row = 0; row < split.rows.size(); ++row) {
    const bool is_aside = split.text(row, "part") == "aside";
    set_aside += is_aside ? 1 : 0;
    CHECK(aside.contains(split.text(row, "id")) == is_aside);
  }
  CHECK(set_aside > 0);

  // The same command again finds all done and says the same.
  const std::string ensemble = read_text(folder / "cv/ensemble.safetensors");
  const Outcome again = run(crossval());
  CHECK(again.text.find(table) != std::string::npos);
  CHECK(read_text(folder / "cv/ensemble.safetensors") == ensemble);

  // The ensemble predicts, and its members as runs are scored alike, but on nothing that one saw.
  const std::string image = quoted(folder / "data/benign");
  const Outcome predicted = run("predict --model " + quoted(folder / "cv/ensemble.safetensors") +
                                " --out " + quoted(folder / "p") + " " + image);
  REQUIRE_MESSAGE(predicted.code == 0, predicted.text);
  const auto count = [&](const char* ending) {
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "p")) {
      files += entry.path().string().ends_with(ending) ? 1u : 0u;
    }
    return files;
  };
  CHECK(count("_disagreement.png") > 0);
  CHECK(count("_disagreement.png") == count("_mask.png"));
  const std::string runs = quoted(folder / "cv/fold1/r1") + " " + quoted(folder / "cv/fold2/r1") +
                           " " + quoted(folder / "cv/fold3/r1");
  const Outcome folders =
      run("predict --model " + runs + " " + image + " --out " + quoted(folder / "q"));
  REQUIRE_MESSAGE(folders.code == 0, folders.text);
  for (const auto& entry : std::filesystem::directory_iterator(folder / "q")) {
    const std::string name = entry.path().filename().string();
    CHECK_MESSAGE(read_text(entry.path()) == read_text(folder / "p" / name), name);
  }
  const Outcome scored = run("evaluate --run " + runs + " --part aside");
  REQUIRE_MESSAGE(scored.code == 0, scored.text);
  CHECK(scored.text.find(", 3 networks") != std::string::npos);
  is_one_error_line(run("evaluate --run " + runs + " --part test"), 1,
                    "is not in the test part of");
}

TEST_CASE_FIXTURE(CrossvalFixture, "crossval: folds that cannot be are refused by name") {
  is_one_error_line(run(crossval("--fold 4")), 2, "--set-aside 4: --fold 4 tests");
  is_one_error_line(run("train --data " + quoted(folder / "data") + " --out " +
                        quoted(folder / "r") + " --set-aside 2"),
                    2, "--set-aside 2 has no folds to choose from");
  is_one_error_line(run("experiment crossval --out " + quoted(folder / "cv")), 2, "--data");
}

TEST_CASE_FIXTURE(CrossvalFixture,
                  "train: begins with another model's weights, and says where they do not fit") {
  const std::string small = "train --data " + quoted(folder / "data") +
                            " --recipe quick --image 32 --batch 4 --history-size 2 ";
  REQUIRE(run(small + "--base-width 4 --updates 3 --out " + quoted(folder / "first")).code == 0);
  const Outcome second = run(small + "--base-width 4 --epochs 1 --lr 1e-9 --init-from " +
                             quoted(folder / "first") + " --out " + quoted(folder / "second"));
  REQUIRE_MESSAGE(second.code == 0, second.text);
  is_one_error_line(run(small + "--base-width 8 --epochs 1 --init-from " +
                        quoted(folder / "first") + " --out " + quoted(folder / "third")),
                    1, "--init-from");
}

}  // namespace dmf
