#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/files/output_files.h"
#include "apps/inspection/augmented.h"
#include "apps/inspection/findings.h"
#include "apps/options/recipes.h"
#include "apps/programs.h"
#include "apps/run/run_data.h"
#include "apps/support/common_options.h"
#include "apps/support/console.h"
#include "apps/support/option_set.h"
#include "apps/support/program.h"
#include "apps/support/progress.h"
#include "apps/support/within_memory.h"

namespace {

/// Of the lines of describe_samples(): what was found and how it is read, without any example.
bool names_no_file(const std::string& line) {
  return line.starts_with("data ") || line.starts_with("masks ") || line.starts_with("patients ");
}

/// How the data set is understood, and what a person should look at.
std::string findings_json(const dmf::Inspection& inspection, const std::vector<std::string>& lines,
                          bool anonymise) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const dmf::Finding& finding : inspection.findings) {
    nlohmann::ordered_json told = {
        {"what", finding.what}, {"count", finding.where.size()}, {"trouble", !finding.is_fact}};
    if (!anonymise || !finding.names_files) told["where"] = finding.where;
    findings.push_back(std::move(told));
  }
  const nlohmann::ordered_json all = {
      {"images", inspection.images.size()}, {"understood", lines}, {"findings", findings}};
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

int dmf::inspect_program(const Call& call) {
  CLI::App app(
      "Looks at a data set as train would read it, without training: how masks are understood, and "
      "what a person should look at.",
      "inspect");
  dmf::TrainOptions options;
  dmf::OptionSet set(app);
  dmf::bind_data_options(set, options);
  options.bind_ignore_index(set, "Data");
  app.get_option("--data")->required();
  for (const auto& [key, value] : dmf::recipe_settings(dmf::kTrainRecipe)) {  // as train has them
    CLI::Option* option = app.get_option_no_throw("--" + key);
    if (option != nullptr) option->default_val(value);
  }
  std::string out, augmented;
  bool overwrite = false;
  app.add_option("--out", out, "Write one page of it all to this file (HTML)");
  app.add_option("--augmented", augmented,
                 "Write a page of some images as a network will see them to this file (HTML): "
                 "untouched, then as --augment draws them");
  app.add_flag("--overwrite", overwrite, "Replace these pages, where inspect wrote them");
  bool list = false;
  app.add_flag("--list", list, "Print a line an image: its name here, and its file");
  dmf::add_processor_options(app);
  dmf::add_dry_run_option(app);
  dmf::add_json_option(app);
  return dmf::run_program(app, call, [&] {
    dmf::warn_where_idle(app, "--overwrite", out.empty() && augmented.empty(),
                         "without --out or --augmented");
    dmf::warn_where_idle(app, "--augment", augmented.empty(), "without --augmented");
    dmf::OutputFiles outputs({.program = "inspect", .overwrite = overwrite, .inputs = {}});
    if (!out.empty()) outputs.plan(out);
    if (!augmented.empty()) outputs.plan(augmented);
    if (!out.empty() || !augmented.empty()) outputs.begin();
    options.data.skip_broken = true;  // all of them are named below
    options.data.cache_mb = 0;        // each is looked at once
    const dmf::SampleSet samples = dmf::load_samples(options);
    const std::string understood = dmf::describe_samples(samples, options);
    dmf::say_lines(understood);
    for (std::size_t i = 0; list && i < samples.size(); ++i) {
      const dmf::DatasetItem& item = samples.item(i);
      fmt::print("{}: {}\n", item.id, item.own_name());
    }
    dmf::end_dry_run(fmt::format("look at {} images", samples.size()));
    dmf::CountBar bar;
    const dmf::Inspection inspection = dmf::within_memory(
        "while looking at the images of " + options.data.folder, "Fewer --threads need less",
        [&] { return dmf::inspect(samples, options.split.duplicate_threshold, std::ref(bar)); });
    dmf::say_lines(dmf::inspection_text(inspection));
    std::vector<std::string> lines;
    std::istringstream text(understood);
    for (std::string line; std::getline(text, line);) {
      if (!options.data.anonymise || names_no_file(line)) lines.push_back(line);
    }
    dmf::print_json(findings_json(inspection, lines, options.data.anonymise));
    const std::string title =
        options.data.anonymise ? "Data set" : "Data set " + options.data.folder;
    if (!out.empty()) {
      outputs.write(out, dmf::inspection_page(title, lines, inspection, options.data.anonymise));
      fmt::print("page      {}\n", out);
    }
    if (!augmented.empty()) {
      outputs.write(augmented,
                    dmf::augmented_page(title + ", augmented", lines, samples,
                                        dmf::parse_composition(options.augment), options.seed));
      fmt::print("augmented {}\n", augmented);
    }
    return samples.broken().empty() ? 0 : 1;
  });
}
