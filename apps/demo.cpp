#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "apps/programs.h"
#include "apps/support/common_options.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"

namespace {

/// One of the other programs, with these words after its name.
int run(int (*program)(const dmf::Call&), const std::string& name, std::vector<std::string> words) {
  words.insert(words.begin(), name);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return program({static_cast<int>(argv.size()), argv.data()});
}

}  // namespace

int dmf::demo_program(const Call& call) {
  CLI::App app(
      "Simulates ultrasound images, trains a network on them and evaluates it, as a first look and to "
      "see that everything works.",
      "demo");
  std::string out = "demo";
  bool overwrite = false;
  dmf::add_value(app, "Options", "--out", out,
                 "Folder for the run; the images go to one beside it, called as it is and -data")
      ->check(dmf::not_empty());
  app.add_flag("--overwrite", overwrite, "Replace what an earlier demo wrote there");
  dmf::add_processor_options(app);
  dmf::add_dry_run_option(app);
  return dmf::run_program(app, call, [&] {
    const std::string data = out + "-data";
    dmf::end_dry_run(
        fmt::format("simulate 280 images into {}, and train on them into {}", data, out));
    std::vector<std::string> phantom = {"--out",       data,  "--benign", "140",
                                        "--malignant", "140", "--seed",   "7"};
    std::vector<std::string> train = {"--data", data, "--out", out, "--recipe", "quick"};
    for (auto* words : {&phantom, &train}) {
      if (overwrite) words->emplace_back("--overwrite");
    }
    if (const int status = run(dmf::phantom_program, "phantom", phantom); status != 0)
      return status;
    if (const int status = run(dmf::train_program, "train", train); status != 0) return status;
    fmt::print("look at    {}/report.html (scores, weights and losses over time, images)\n", out);
    fmt::print("next       {0} --data YOUR_FOLDER --out runs/first    ({0} --help)\n",
               dmf::command_of("train"));
    return 0;
  });
}
