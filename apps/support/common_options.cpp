#include "apps/support/common_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <string_view>

#include "apps/support/option_values.h"
#include "apps/support/output_streams.h"

namespace dmf {
namespace {

constexpr const char* kGroup = "Output";

/// Of the command line of this process.
bool dry_run = false, json = false;

}  // namespace

void add_speech_options(CLI::App& app, Speech& speech) {
  std::vector<CLI::App*> all = app.get_subcommands([](CLI::App*) { return true; });
  all.push_back(&app);
  for (CLI::App* each : all) {
    each->add_flag("--quiet", speech.quiet, "Print nothing but warnings, errors and --json")
        ->group(kGroup)
        ->configurable(false);
    each->add_flag("--verbose", speech.verbose,
                   "Also say what runs here, and at the end what time and memory it took")
        ->group(kGroup)
        ->configurable(false);
    each->add_option("--log", speech.log, "Add what is printed, even if --quiet, to this file")
        ->type_name("FILE")
        ->group(kGroup)
        ->check(not_empty())
        ->configurable(false);
  }
}

void add_dry_run_option(CLI::App& app) {
  app.add_flag("--dry-run", dry_run, "Check everything, say what would be done, and write nothing")
      ->group(kGroup)
      ->configurable(false);
}

bool is_dry_run() {
  return dry_run;
}

void end_dry_run(const std::string& would) {
  if (!dry_run) return;
  std::fputs(("would " + would + "\n").c_str(), stdout);
  throw DryRunEnd();
}

void add_json_option(CLI::App& app) {
  app.add_flag("--json", json, "Print the results as JSON, and nothing else on standard output")
      ->group(kGroup)
      ->configurable(false);
}

void want_json() {
  json = true;
}

bool is_json_wanted() {
  return json;
}

void print_json(const std::string& text) {
  if (json) OutputStreams::print_result(text.ends_with('\n') ? text : text + "\n");
}

bool is_common_option(const std::string& name) {
  constexpr std::array<std::string_view, 5> kNames = {"quiet", "verbose", "log", "dry-run", "json"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace dmf
