#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "engine/io/atomic_file.h"
#include "tests/support/needs.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// One program with all the others inside, and the options that all have.

namespace dmf {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kPrograms = {
#define DMF_PROGRAM(NAME, WHAT) #NAME,
#include "apps/programs.def"
#undef DMF_PROGRAM
};

/// Every "--option" that a --help lists, at the beginning of a line.
std::set<std::string> listed_options(const std::string& help) {
  std::set<std::string> options;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find("--");
    if (at == std::string::npos || !line.starts_with("  ") || at > 5) continue;
    options.insert(line.substr(at, line.find_first_of(" ,\n", at) - at));
  }
  return options;
}

/// "train", "experiment report": each has a --help of its own.
std::vector<std::string> commands() {
  std::vector<std::string> all;
  for (const std::string& program : kPrograms) {
    all.push_back(program);
    const std::string help = run("dmf help " + program).text;
    const std::string heading = "\nSubcommands:\n";
    const std::size_t at = help.find(heading);
    if (at == std::string::npos) continue;
    std::istringstream lines(help.substr(at + heading.size()));
    for (std::string line; std::getline(lines, line) && line.starts_with("  ");) {
      if (line[2] != ' ') all.push_back(program + " " + line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return all;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("dmf: alone it explains itself, and names every program") {
  const Outcome alone = run("dmf");
  CHECK(alone.code == 0);
  CHECK(std::count(alone.text.begin(), alone.text.end(), '\n') < 26);
  for (const std::string& program : kPrograms) {
    CHECK_MESSAGE(holds(alone.text, "\n  " + program + " "), program);
    CHECK(run("dmf help " + program).text == run("dmf " + program + " --help").text);
  }
  CHECK(run("dmf help").text == alone.text);
  CHECK(run("dmf --help").text == alone.text);
  CHECK(holds(run("dmf help train").text, "usage: dmf train [OPTIONS]"));
  const Outcome version = run("dmf --version");
  CHECK(version.code == 0);
  for (const char* part :
       {"dmf ", "OpenMP", "CUDA", "MPI", "TensorBoard", "ONNX", "TIFF", "DICOM"}) {
    CHECK_MESSAGE(holds(version.text, part), part);
  }
}

TEST_CASE("dmf: a word that is misspelt is told the nearest") {
  is_one_error_line(run("dmf trian"), 2,
                    "dmf: 'trian' is no program: did you mean train? (see dmf help)");
  is_one_error_line(run("dmf help evalute"), 2, "did you mean evaluate?");
  is_one_error_line(run("dmf hepl"), 2, "did you mean help?");
  is_one_error_line(run("dmf --vresion"), 2, "'--vresion' is no program (see dmf help)");
  is_one_error_line(run("dmf man trian"), 2, "did you mean train?");
  is_one_error_line(run("dmf completion"), 2, "dmf: completion takes one shell: bash, zsh, fish");
  is_one_error_line(run("dmf completion bsh"), 2, "did you mean bash?");
  is_one_error_line(run("dmf train --dtaa x"), 2,
                    "dmf train: --dtaa is no option: did you mean --data?");
  is_one_error_line(run("dmf experiment reprot"), 2, "did you mean report?");
}

TEST_CASE("dmf: completions and manual pages hold every option of every program") {
  const std::string bash = run("dmf completion bash").text, zsh = run("dmf completion zsh").text,
                    fish = run("dmf completion fish").text;
  std::size_t options = 0;
  for (const std::string& command : commands()) {
    const std::string program = command.substr(0, command.find(' '));
    const std::string man = run("dmf man " + program).text;
    const std::string words = "\n    '" + command + "') words=";
    REQUIRE_MESSAGE(holds(bash, words), command);
    const std::size_t line = bash.find(words) + 1;
    const std::string offered = bash.substr(line, bash.find('\n', line) - line);
    for (const std::string& option : listed_options(run("dmf " + command + " --help").text)) {
      CAPTURE(command);
      CAPTURE(option);
      ++options;
      CHECK((holds(offered, " " + option + " ") || holds(offered, "'" + option + " ") ||
             holds(offered, " " + option + "'")));
      CHECK(holds(zsh, "'*" + option + "["));
      CHECK(holds(fish, " -l " + option.substr(2) + " "));
      std::string escaped;
      for (const char c : option) escaped += c == '-' ? "\\-" : std::string(1, c);
      CHECK(holds(man, ".TP\n\\fB" + escaped + "\\fR"));
    }
  }
  CHECK(options > 200);
}

TEST_CASE("dmf: bash completes programs, subcommands, options and their words") {
  const TemporaryFolder folder;
  const std::string script = (folder / "dmf.bash").string();
  REQUIRE(run("dmf completion bash > " + script + "; true").code == 0);
  const auto completed = [&script](const std::string& words, int count) {
    return run("dmf --version > /dev/null; bash -c '. " + script + "; COMP_WORDS=(" + words +
               "); COMP_CWORD=" + fmt::format("{}", count) + "; _dmf; echo \"${COMPREPLY[@]}\"'")
        .text;
  };
  CHECK(completed("dmf tr", 1) == "train\n");
  CHECK(completed("dmf experiment repo", 2) == "report\n");
  CHECK(completed("dmf train --gradients-a", 2) == "--gradients-at\n");
  CHECK(completed("dmf train --recipe qu", 3) == "quick\n");
  CHECK(completed("dmf experiment report --ove", 3) == "--overwrite\n");
}

TEST_CASE(
    "dmf: a training is what the program of its own makes, and messages name what was called") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string options =
      "--data " + quoted(folder / "data") + kOneEpoch + "--threads 1 --out ";
  const Outcome own = run("train " + options + quoted(folder / "own"));
  const Outcome one = run("dmf train " + options + quoted(folder / "one"));
  REQUIRE_MESSAGE(one.code == 0, one.text);
  for (const char* file : {"best.safetensors", "steps.csv", "metrics.json", "config.toml"}) {
    CHECK_MESSAGE(
        read_file(folder / "own" / file, 1 << 24) == read_file(folder / "one" / file, 1 << 24),
        file);
  }
  CHECK(holds(own.text, DMF_PROGRAMS "/evaluate --run "));
  CHECK(holds(one.text, DMF_PROGRAMS "/dmf evaluate --run "));
  is_one_error_line(run("dmf train --resume /nowhere"), 1,
                    "Begin one with " DMF_PROGRAMS "/dmf train --data DATA");
  const Outcome grid =
      run("dmf experiment --data " + quoted(folder / "data") +
          " --configurations fixed --repeats 1 --image 32 --base-width 4 --epochs 1 --batch 4 "
          "--history-size 2 --split random --out " +
          quoted(folder / "grid"));
  CHECK_MESSAGE(grid.code == 0, grid.text);
  CHECK(fs::exists(folder / "grid/fixed/r1/metrics.json"));
}

TEST_CASE("--quiet, --verbose, --log: one meaning for every program") {
  const TemporaryFolder folder;
  const std::string phantom = "phantom --benign 1 --malignant 0 --size 32 --out ";
  CHECK(run(phantom + quoted(folder / "a") + " --quiet").text.empty());
  const std::string log = quoted(folder / "log");
  CHECK(run(phantom + quoted(folder / "b") + " --quiet --log " + log).text.empty());
  CHECK(holds(run(phantom + quoted(folder / "c") + " --log " + log).text, "1 phantoms in "));
  CHECK(run(phantom + quoted(folder / "c") + " --log " + log).code == 1);
  const std::string kept = read_file(folder / "log", 1 << 20);
  CHECK(holds(kept, "1 phantoms in " + (folder / "b").string() + "\n1 phantoms in "));
  CHECK(holds(kept, "\nphantom: [outputs] "));
  const Outcome verbose = run(phantom + quoted(folder / "d") + " --verbose");
  CHECK(holds(verbose.text, "phantom --benign 1 "));
  CHECK(holds(verbose.text, " s, at most "));
  is_one_error_line(run(phantom + quoted(folder / "e") + " --log /nowhere/log"), 1,
                    "[log] cannot write /nowhere/log: No such file or directory.");
  CHECK(!fs::exists(folder / "e"));
  for (const std::string& command : commands()) {
    const std::string help = run("dmf " + command + " --help").text;
    for (const char* option : {"--quiet", "--verbose", "--log FILE"}) {
      CHECK_MESSAGE(holds(help, std::string("  ") + option), command);
    }
  }
}

TEST_CASE("--dry-run: everything is checked, nothing written") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string data = quoted(folder / "data"), out = quoted(folder / "out");
  REQUIRE(run("train --data " + data + kOneEpoch + "--out " + quoted(folder / "run")).code == 0);
  const std::string model = quoted(folder / "run");
  const std::vector<std::pair<std::string, std::string>> programs = {
      {"demo --out " + out, "would simulate 280 images into "},
      {"phantom --out " + out, "would write 240 phantoms into "},
      {"train --data " + data + kOneEpoch + "--out " + out, "would train into "},
      {"train --resume " + model, "would go on with the run in "},
      {"evaluate --run " + model + " --json " + out, "would score 2 images"},
      {"predict --model " + model + " --out " + out + " " + quoted(folder / "data/benign"),
       "would segment 7 images into "},
      {"export --model " + model + " --out " + out, "would write "},
      {"inspect --data " + data + " --out " + out, "would look at 14 images"},
      {"probe --out " + out + " " DMF_FIXTURES "/reference/adam_step__adam_l2.safetensors",
       "would compute 1 case"}};
  for (const auto& [command, would] : programs) {
    CAPTURE(command);
    const Outcome outcome = run(command + " --dry-run");
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    CHECK_MESSAGE(holds(outcome.text, would), outcome.text);
    CHECK(!fs::exists(folder / "out"));
    CHECK(!fs::exists(folder / "out-data"));
  }
  is_one_error_line(run("phantom --dry-run --out " + data), 1, "already there");
}

TEST_CASE("--json: results of every program, and nothing else on standard output") {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const std::string data = quoted(folder / "data"), model = quoted(folder / "run");
  const auto parsed = [](const std::string& command) {
    CAPTURE(command);
    const Outcome outcome = run(command + " --json 2> /dev/null #");
    CHECK_MESSAGE(outcome.code == 0, outcome.text);
    const auto json = nlohmann::json::parse(outcome.text, nullptr, false);
    CHECK_MESSAGE(!json.is_discarded(), outcome.text);
    return json;
  };
  CHECK(parsed("phantom --benign 1 --malignant 0 --size 32 --out " +
               quoted(folder / "one"))["benign"] == 1);
  const auto trained = parsed("train --data " + data + kOneEpoch + "--out " + model);
  CHECK(trained["part"] == "test");
  CHECK(trained == nlohmann::json::parse(read_file(folder / "run/metrics.json", 1 << 24)));
  CHECK(parsed("evaluate --run " + model)["part"] == "test");
  const auto images = parsed("predict --model " + model + " --out " + quoted(folder / "masks") +
                             " " + quoted(folder / "data/benign"));
  REQUIRE(images.size() == 7);
  CHECK(images[0]["result"] == "benign (1)");
  CHECK(images[0]["lesion"].is_number());
  CHECK(parsed("export --model " + model + " --out " + quoted(folder / "weights"))[0]["network"] ==
        "paper");
  CHECK(parsed("inspect --data " + data)["images"] == 14);
  CHECK(parsed("probe --check " DMF_FIXTURES
               "/reference/adam_step__adam_l2.safetensors")[0]["verdict"] == "pass");
}

}  // namespace dmf
