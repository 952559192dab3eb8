#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "apps/support/output_files.h"
#include "engine/core/check.h"
#include "tests/support/folder_snapshot.h"

// What programs write, and what they never replace.

namespace dmf {
namespace {

namespace fs = std::filesystem;
using doctest::Contains;

/// A run of a program that writes some files into a folder.
void write_run(const fs::path& root, const std::vector<std::string>& names, bool overwrite,
               const std::string& content, const std::vector<fs::path>& inputs = {}) {
  OutputFiles outputs({"prog", overwrite, "--out", inputs});
  for (const std::string& name : names) outputs.plan(root, name);
  outputs.begin();
  for (const std::string& name : names) outputs.write(root / name, content + name);
}

bool has_partial(const fs::path& folder) {
  for (const auto& [name, content] : snapshot(folder)) {
    if (name.ends_with(".partial")) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("OutputFiles: whatever lies in the outputs' places, only own unchanged files go") {
  // Every planned name gets one of these before the run.
  enum Before {
    nothing,
    own,
    edited,
    foreign,
    dangling,
    link,
    hard_link_own,
    folder,
    input,
    kinds
  };
  std::mt19937 random(7);
  int refused = 0, done = 0;
  for (int round = 0; round < 400; ++round) {
    const TemporaryFolder scratch;
    const fs::path root = scratch / "out", in = scratch / "in.png";
    write_text(in, "a person's image");
    fs::create_directories(root);
    const bool overwrite = random() % 3 != 0;
    std::vector<std::string> names;
    std::vector<Before> before;
    const auto count = 1 + random() % 4;
    for (unsigned i = 0; i < count; ++i) {
      names.push_back(fmt::format("{}{}_\xc3\xa4 \"m\"ask.png", i % 2 == 0 ? "sub/" : "", i));
      // Mostly harmless ones, so that runs of several files get through too.
      before.push_back(random() % 4 != 0 ? static_cast<Before>(random() % 2)
                                         : static_cast<Before>(random() % kinds));
    }
    std::vector<std::string> earlier;
    for (unsigned i = 0; i < count; ++i) {
      if (before[i] == own || before[i] == edited || before[i] == hard_link_own)
        earlier.push_back(names[i]);
    }
    write_run(root, earlier, false, "first run's ");
    bool may = true;
    for (unsigned i = 0; i < count; ++i) {
      const fs::path file = root / names[i];
      fs::create_directories(file.parent_path());
      if (before[i] == edited) write_text(file, read_text(file) + "corrected");
      if (before[i] == foreign) write_text(file, std::to_string(random()));
      if (before[i] == dangling) fs::create_symlink(scratch / "nowhere", file);
      if (before[i] == link) fs::create_symlink(in, file);
      if (before[i] == hard_link_own) fs::create_hard_link(file, scratch / std::to_string(i));
      if (before[i] == folder) fs::create_directories(file);
      if (before[i] == input) fs::create_hard_link(in, file);
      may = may && (before[i] == nothing ||
                    (overwrite && (before[i] == own || before[i] == hard_link_own)));
    }
    const auto before_run = snapshot(scratch.path());
    // The same folder in another spelling is the same folder.
    const fs::path spelt =
        std::array{root, scratch / "out/../out/.", fs::proximate(root)}[random() % 3];
    if (may) {
      CHECK_NOTHROW(write_run(spelt, names, overwrite, "second run's ", {in}));
      for (const std::string& name : names) {
        CHECK(read_text(root / name) == "second run's " + name);
      }
      for (unsigned i = 0; i < count; ++i) {
        if (before[i] == hard_link_own)  // its other name keeps what it held
          CHECK(read_text(scratch / std::to_string(i)) == "first run's " + names[i]);
      }
      CHECK_FALSE(has_partial(root));
      ++done;
    } else {
      CHECK_THROWS_AS(write_run(spelt, names, overwrite, "second run's ", {in}), IoError);
      CHECK(snapshot(scratch.path()) == before_run);
      ++refused;
    }
    CHECK(read_text(in) == "a person's image");
  }
  CHECK(done > 100);
  CHECK(refused > 100);
}

TEST_CASE("OutputFiles: the refusal names the first file, how many, and what to do") {
  const TemporaryFolder scratch;
  const fs::path root = scratch / "out";
  write_run(root, {"a", "b", "c"}, false, "");
  const auto again = [&](bool overwrite, const std::vector<fs::path>& inputs = {}) {
    write_run(root, {"a", "b", "c", "d"}, overwrite, "", inputs);
  };
  CHECK_THROWS_WITH_AS(again(false),
                       Contains("out/a and 2 more: already there, from an earlier prog. Give "
                                "another --out, or --overwrite."),
                       IoError);
  write_text(root / "b", "edited");
  for (const bool overwrite : {false, true}) {
    CHECK_THROWS_WITH_AS(again(overwrite), Contains("not as prog wrote it"), IoError);
    CHECK_THROWS_WITH_AS(again(overwrite, {root / "c"}),
                         Contains("out/c: an input would be replaced"), IoError);
  }
  fs::remove(root / "b");
  CHECK_NOTHROW(again(true));
  CHECK_THROWS_WITH_AS(write_run(root, {"x", "./x"}, true, ""), Contains("written twice"),
                       ValueError);
  write_text(scratch / "file", "");
  CHECK_THROWS_WITH_AS(write_run(scratch / "file", {"x"}, true, ""), Contains("is not a folder"),
                       IoError);
  // A folder below the root that leads elsewhere is not followed.
  fs::create_directories(scratch / "elsewhere");
  fs::create_directory_symlink(scratch / "elsewhere", root / "sub");
  CHECK_THROWS_WITH_AS(write_run(root, {"sub/x"}, true, ""), Contains("out/sub: already there"),
                       IoError);
  CHECK(fs::is_empty(scratch / "elsewhere"));
}

TEST_CASE("OutputFiles: its list is believed only where it is one; half lines are no harm") {
  const TemporaryFolder scratch;
  const fs::path root = scratch / "out", list = root / ".dmf-prog.jsonl";
  for (const std::string text : {"", "{\"written_by\":\"other\"}\n", "a person's notes\n",
                                 "{\"written_by\":\"prog\"}\n{\"a\":1}\n"}) {
    write_text(list, text);
    CHECK_THROWS_WITH_AS(write_run(root, {"x"}, true, ""), Contains("is not the list"), IoError);
    CHECK(read_text(list) == text);
  }
  fs::remove(list);
  CHECK_THROWS_WITH_AS(write_run(root, {".dmf-prog.jsonl"}, true, ""), Contains("its list"),
                       ValueError);
  write_run(root, {"a", "b"}, false, "");
  const std::string whole = read_text(list);
  // Whatever byte a full disk cuts it at: the files of whole lines are known, and it goes on.
  for (std::size_t end = whole.find('\n') + 1; end <= whole.size(); ++end) {
    write_text(list, whole.substr(0, end));
    const std::string kept = whole.substr(0, end);
    const bool knows_a = kept.find("\"a\",\"hash\":\"") != std::string::npos &&
                         std::count(kept.begin(), kept.end(), '}') >= 2;
    CHECK(WrittenFiles("prog", root).holds("a") == knows_a);
    CHECK(WrittenFiles("prog", root).holds("b") ==
          (std::count(kept.begin(), kept.end(), '}') == 3));
    write_run(root, {"c"}, true, "");
    CHECK(WrittenFiles("prog", root).holds("c"));
    CHECK(WrittenFiles("prog", root).holds("a") == knows_a);
    fs::remove(root / "c");
  }
}

TEST_CASE("OutputFiles: a root that is the program's alone takes no others, and loses old ones") {
  const TemporaryFolder scratch;
  const fs::path root = scratch / "out";
  const auto write_all = [&](const std::vector<std::string>& names, bool overwrite) {
    OutputFiles outputs({"prog", overwrite, "--out", {}});
    outputs.plan_whole(root);
    for (const std::string& name : names) outputs.plan(root, name);
    outputs.begin();
    for (const std::string& name : names) outputs.write(root / name, name);
  };
  write_all({"a", "sub/b", "sub/c"}, false);
  CHECK_THROWS_WITH_AS(write_all({"d"}, false), Contains("or --overwrite"), IoError);
  write_all({"a", "d"}, true);
  CHECK(fs::exists(root / "d"));
  CHECK_FALSE(fs::exists(root / "sub/b"));
  write_text(root / "sub/notes.txt", "a person's");
  const auto before = snapshot(root);
  CHECK_THROWS_WITH_AS(write_all({"a"}, true), Contains("out/sub/notes.txt: already there"),
                       IoError);
  CHECK(snapshot(root) == before);
}

}  // namespace dmf
