#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <random>

#include "apps/files/output_files.h"
#include "engine/core/check.h"
#include "tests/support/folder_snapshot.h"
#include "tests/support/programs.h"

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

namespace {

/// A data set, a grid of one run on it, and every program that writes files for people.
struct ProgramsFixture {
  TemporaryFolder folder;
  /// Commands with OUT for the folder that they write into.
  std::vector<std::string> commands;

  ProgramsFixture() {
    const std::string data = quoted(folder / "data"), grid = quoted(folder / "grid");
    const fs::path run_folder = folder / "grid/fixed/r1";
    make_data(folder / "data");
    const Outcome trained =
        run("experiment --data " + data + " --out " + grid +
            " --configurations fixed --repeats 1 --threads 1 --image 16 --model paper --depth 1 "
            "--base-width 2 --batch 4 --epochs 1 --history-size 2");
    REQUIRE_MESSAGE(trained.code == 0, trained.text);
    const std::string predict =
        "predict --threads 1 --model " + quoted(run_folder) + " --out OUT " + data;
    commands = {
        predict + "/benign --floats --polygons labelme",
        predict + " --recursive --polygons coco",
        "phantom --out OUT --benign 2 --malignant 1 --size 32",
        "export --to keras --out OUT/x.safetensors --model " + quoted(run_folder),
        "probe --out OUT " DMF_FIXTURES "/reference/relu__random.safetensors",
        "evaluate --json OUT/s.json --csv OUT/s.csv --run " + quoted(run_folder),
        "experiment report --out OUT " + grid,
        "experiment replay --weighting mad --history-size 2 --out OUT/w.csv --plot OUT/w.html " +
            quoted(run_folder / "steps.csv"),
        "experiment duplicates --csv OUT/d.csv --data " + data,
    };
  }

  Outcome start(std::string command, const fs::path& out, const std::string& options = "",
                const std::string& prefix = "") {
    for (std::size_t at; (at = command.find("OUT")) != std::string::npos;) {
      command.replace(at, 3, quoted(out));
    }
    fs::create_directories(out);
    return run(command + options, prefix);
  }

  /// The files a command writes, of them the list too.
  std::vector<std::string> results(const std::string& command) {
    const fs::path out = folder / "results";
    fs::remove_all(out);
    const Outcome outcome = start(command, out);
    REQUIRE_MESSAGE(outcome.code == 0, outcome.text);
    std::vector<std::string> names;
    for (const auto& [name, content] : snapshot(out)) {
      if (content != "folder") names.push_back(name);
    }
    REQUIRE(names.size() >= 2);
    return names;
  }
};

}  // namespace

TEST_CASE_FIXTURE(
    ProgramsFixture,
    "programs: a file that they did not write is the same after, whatever the options") {
  std::mt19937 random(11);
  int number = 0;
  for (const std::string& command : commands) {
    const std::vector<std::string> names = results(command);
    for (int round = 0; round < 3; ++round) {
      const fs::path out = folder / ("out" + std::to_string(++number));
      for (const std::string& name : names) {  // some of them, and always one
        if (random() % names.size() == 0 ||
            name == names[static_cast<std::size_t>(round) % names.size()])
          write_text(out / name, fmt::format("a person's, {}", random()));
      }
      const auto before = snapshot(out);
      for (const char* options : {"", " --overwrite"}) {
        const Outcome outcome = start(command, out, options);
        CHECK_MESSAGE(outcome.code == 1, command, options, ": ", outcome.text);
        CHECK_MESSAGE(std::count(outcome.text.begin(), outcome.text.end(), '\n') == 1,
                      outcome.text);
        CHECK_MESSAGE(snapshot(out) == before, command, options);
      }
    }
  }
}

TEST_CASE_FIXTURE(
    ProgramsFixture,
    "programs: own results are replaced with --overwrite, edited and linked ones never") {
  std::mt19937 random(12);
  int number = 0;
  for (const std::string& command : commands) {
    const fs::path out = folder / ("out" + std::to_string(++number));
    REQUIRE(start(command, out).code == 0);
    const auto first = snapshot(out);
    const Outcome again = start(command, out);
    CHECK_MESSAGE(again.code == 1, command, again.text);
    CHECK_MESSAGE(again.text.find("or --overwrite") != std::string::npos, again.text);
    CHECK(snapshot(out) == first);
    const Outcome replaced = start(command, out, " --overwrite");
    CHECK_MESSAGE(replaced.code == 0, replaced.text);
    CHECK_MESSAGE(snapshot(out) == first, command);

    std::vector<std::string> names;
    for (const auto& [name, content] : first) {
      if (content != "folder" && fs::path(name).filename().string().front() != '.')
        names.push_back(name);
    }
    const fs::path chosen = out / names[random() % names.size()];
    const std::string content = read_text(chosen);
    for (const char* change : {"edited", "link", "dangling link"}) {
      fs::remove(chosen);
      if (change == std::string("edited")) write_text(chosen, content + "x");
      if (change == std::string("link")) {
        write_text(folder / "target", content);
        fs::create_symlink(folder / "target", chosen);
      }
      if (change == std::string("dangling link")) fs::create_symlink(folder / "none", chosen);
      const auto before = snapshot(out);
      const Outcome refused = start(command, out, " --overwrite");
      CHECK_MESSAGE(refused.code == 1, command, change, refused.text);
      CHECK_MESSAGE(snapshot(out) == before, command, change);
      CHECK_FALSE(fs::exists(folder / "none"));
    }
    CHECK(read_text(folder / "target") == content);
  }
}

TEST_CASE_FIXTURE(ProgramsFixture, "programs: no output is an input, however it is reached") {
  const fs::path images = folder / "images", run_folder = folder / "grid/fixed/r1";
  write_text(images / "a.png", read_text(folder / "data/benign/benign (1).png"));
  const std::string predict = "predict --threads 1 --overwrite --model " + quoted(run_folder) +
                              " --out " + quoted(images) + " ";
  REQUIRE(run(predict + quoted(images / "a.png")).code == 0);
  fs::create_symlink("a_mask.png", images / "link.png");
  fs::create_hard_link(images / "a_mask.png", images / "hard.png");
  fs::create_directory_symlink(images, folder / "same");
  const auto before = snapshot(images);
  for (const fs::path& same : {images / "a_mask.png", images / "link.png", images / "hard.png",
                               folder / "same/a_mask.png", images / "../images/./a_mask.png"}) {
    is_one_error_line(run(predict + quoted(images / "a.png") + " " + quoted(same)), 1,
                      "an input would be replaced");
    CHECK(snapshot(images) == before);
  }
  const fs::path model = folder / "x.safetensors";
  const auto exported = [&](const fs::path& from, const fs::path& to) {
    return run("export --to dmf --overwrite --model " + quoted(from) + " --out " + quoted(to));
  };
  REQUIRE(exported(run_folder, model).code == 0);
  is_one_error_line(exported(model, model), 1, "an input would be replaced");
  const std::string best = read_text(run_folder / "best.safetensors");
  is_one_error_line(exported(run_folder, run_folder / "best.safetensors"), 1,
                    "an input would be replaced");
  CHECK(read_text(run_folder / "best.safetensors") == best);
}

TEST_CASE_FIXTURE(ProgramsFixture,
                  "programs: killed at any change of the disk, the same command with --overwrite "
                  "ends as if undisturbed") {
  std::mt19937 random(13);
  int number = 0;
  for (const char* name : {"benign/benign (1).png", "benign/benign (2).png"}) {
    write_text(folder / "two" / name, read_text(folder / "data" / name));
  }
  const std::string predict = "predict --threads 1 --recursive --polygons coco --out OUT --model " +
                              quoted(folder / "grid/fixed/r1") + " " + quoted(folder / "two");
  for (const std::string& command : {predict, commands[2], commands[5], commands[6]}) {
    const fs::path whole = folder / ("whole" + std::to_string(number));
    REQUIRE(start(command, whole).code == 0);
    // Every call at first, then ever fewer: the files are written one like the other.
    for (int call = 1;; call += call < 20 ? 1 : 1 + static_cast<int>(random() % 30)) {
      const fs::path out = folder / ("killed" + std::to_string(++number));
      const std::string fault = fmt::format("LD_PRELOAD=" DMF_FAULTY_IO
                                            " DMF_FAULT=kill DMF_FAULT_PATH={} "
                                            "DMF_FAULT_AFTER={} ",
                                            quoted(out.filename()), call);
      const bool second = random() % 2 == 0;  // while it writes over what an earlier run wrote
      if (second) REQUIRE(start(command, out).code == 0);
      const Outcome killed = start(command, out, second ? " --overwrite" : "", fault);
      if (killed.code == 0) break;
      CHECK_MESSAGE((killed.code == 137 || killed.code == -1), killed.text);
      const Outcome finished = start(command, out, " --overwrite");
      CHECK_MESSAGE(finished.code == 0, command, " killed at ", call, ": ", finished.text);
      for (const auto& [name, content] : snapshot(whole)) {
        if (content == "folder" || name.front() == '.') continue;  // of the lists only lines grow
        CHECK_MESSAGE(read_text(out / name) == read_text(whole / name), command, call, name);
      }
      for (const auto& [name, content] : snapshot(out)) {
        const bool is_result = fs::exists(whole / name);
        const bool is_lists = fs::path(name).filename().string().starts_with(".dmf-");
        CHECK_MESSAGE((is_result || is_lists), command, call, name);
      }
      fs::remove_all(out);
    }
    CHECK(number > 10);
  }
}

}  // namespace dmf
