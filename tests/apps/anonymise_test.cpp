#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "apps/data/anonymise.h"
#include "apps/files/csv.h"
#include "tests/support/folder_snapshot.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// --anonymise: no file's name in what is written, and runs that work all the same.

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// Fourteen images whose names, and whose folder's, all have "Trillian" in them.
fs::path make_named_data(const TemporaryFolder& folder) {
  const fs::path data = folder / "Trillian_archive";
  make_data(data);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  for (const fs::path& file : files) {
    fs::rename(file, file.parent_path() / ("Trillian " + file.filename().string()));
  }
  write_text(data / "Trillian_notes.txt", "of nobody");
  return data;
}

/// Where below the folder a name, or the content of a file, has this text.
std::vector<std::string> places_of(const std::string& text, const fs::path& folder) {
  std::vector<std::string> places;
  for (const auto& [name, content] : snapshot(folder)) {
    if (name.find(text) != std::string::npos || content.find(text) != std::string::npos) {
      places.push_back(name);
    }
  }
  return places;
}

}  // namespace

TEST_CASE("anonymise: a run names no file but in its configuration, and goes on as others do") {
  const TemporaryFolder folder;
  const fs::path data = make_named_data(folder);
  const std::string train = "train --data " + quoted(data) + kOneEpoch;
  REQUIRE(run(train + "--out " + quoted(folder / "plain")).code == 0);
  const Outcome trained = run(train + "--anonymise --out " + quoted(folder / "run"));
  REQUIRE_MESSAGE(trained.code == 0, trained.text);
  CHECK(places_of("Trillian", folder / "plain").size() > 5);
  const std::vector<std::string> only = {"config.toml"};
  CHECK(places_of("Trillian", folder / "run") == only);
  // The same images, under other names.
  CHECK(read_text(folder / "run/steps.csv") == read_text(folder / "plain/steps.csv"));
  const CsvTable plain = read_csv(folder / "plain/split.csv"),
                 neutral = read_csv(folder / "run/split.csv");
  REQUIRE(plain.rows.size() == neutral.rows.size());
  for (std::size_t row = 0; row < plain.rows.size(); ++row) {
    CHECK(neutral.text(row, "id") == neutral_name(plain.text(row, "id")));
    CHECK(neutral.text(row, "part") == plain.text(row, "part"));
  }

  // Of the run: its own split, also after the data moved, and with other options from its names.
  const Outcome scored = run("evaluate --run " + quoted(folder / "run"));
  CHECK_MESSAGE(scored.code == 0, scored.text);
  fs::rename(data, folder / "moved");
  const Outcome resumed =
      run("train --resume " + quoted(folder / "run") + " --data " + quoted(folder / "moved"));
  CHECK_MESSAGE(resumed.code == 0, resumed.text);
  const Outcome again =
      run("train --config " + quoted(folder / "run/config.toml") + " --split-file " +
          quoted(folder / "plain/split.csv") + " --out " + quoted(folder / "again"));
  CHECK_MESSAGE(again.code == 0, again.text);
  CHECK(read_text(folder / "again/split.csv") == read_text(folder / "run/split.csv"));
  fs::remove(folder / "moved/benign/Trillian benign (2).png");
  fs::remove(folder / "moved/benign/Trillian benign (2)_mask.png");
  is_one_error_line(run("train --resume " + quoted(folder / "run")), 1,
                    "1 of 14 images is gone: '" + neutral_name("benign/Trillian benign (2)") + "'");
}

TEST_CASE("anonymise: tables, pages and results of the other programs") {
  const TemporaryFolder folder;
  const fs::path data = make_named_data(folder), out = folder / "out";
  fs::create_directory(out);
  REQUIRE(
      run("train --data " + quoted(data) + kOneEpoch + "--out " + quoted(folder / "run")).code ==
      0);
  const std::string evaluate = "evaluate --run " + quoted(folder / "run") + " --csv ";
  REQUIRE(run(evaluate + quoted(folder / "named.csv")).code == 0);
  CHECK(read_text(folder / "named.csv").find("Trillian") != std::string::npos);
  REQUIRE(run(evaluate + quoted(out / "scores.csv") + " --anonymise --json " +
              quoted(out / "scores.json"))
              .code == 0);
  // One image that cannot be used is named in the terminal alone.
  write_text(data / "benign/Trillian benign (1)_mask.png", "no image");
  const Outcome inspected = run("inspect --data " + quoted(data) + " --anonymise --list --out " +
                                quoted(out / "page.html"));
  CHECK(inspected.code == 1);
  const std::string id = "benign/Trillian benign (2)";
  CHECK_MESSAGE(inspected.text.find(neutral_name(id) + ": " + id + "\n") != std::string::npos,
                inspected.text);
  CHECK(read_text(out / "page.html").find(neutral_name(id)) != std::string::npos);
  const Outcome predicted =
      run("predict --model " + quoted(folder / "run") + " --anonymise --list --polygons labelme " +
          "--out " + quoted(out / "masks") + " " + quoted(data / "malignant"));
  CHECK_MESSAGE(predicted.code == 0, predicted.text);
  const std::string name = neutral_name("Trillian malignant (3)");
  CHECK(fs::exists(out / "masks" / (name + "_mask.png")));
  CHECK_MESSAGE(predicted.text.find("Trillian malignant (3).png as " + name) != std::string::npos,
                predicted.text);
  REQUIRE(run("predict --model " + quoted(folder / "run") + " --anonymise --polygons coco --out " +
              quoted(out / "coco") + " " + quoted(data / "malignant"))
              .code == 0);
  CHECK(places_of("Trillian", out).empty());
}

}  // namespace dmf
