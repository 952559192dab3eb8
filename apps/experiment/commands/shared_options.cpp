#include <regex>

#include "apps/experiment/commands/commands.h"
#include "apps/support/option_values.h"

namespace dmf {
namespace {

/// "2/5": the second of five parts.
void set_shard(const std::string& text, RunnerOptions& options) {
  std::smatch match;
  if (std::regex_match(text, match, std::regex("([0-9]{1,6})/([0-9]{1,6})"))) {
    options.shard = std::stoi(match[1]);
    options.shards = std::stoi(match[2]);
  }
  if (!match.ready() || match.empty() || options.shard < 1 || options.shard > options.shards) {
    throw CLI::ValidationError("--shard", "got '" + text + "', expected I/N with 1 <= I <= N");
  }
}

}  // namespace

void add_runner_options(CLI::App& app, RunnerOptions& runner) {
  const auto group = "Grid";
  add_value(app, group, "--jobs", runner.jobs, "Runs at a time; the threads are divided among them")
      ->check(whole_number(1, 1024))
      ->configurable(false);
  app.add_option_function<std::string>(
         "--shard", [&runner](const std::string& text) { set_shard(text, runner); },
         "I/N: only every Nth run from the Ith on, for an array of machines")
      ->group(group)
      ->configurable(false);
  app.add_flag("--retry-failed", runner.retry_failed, "Try runs again that failed")
      ->group(group)
      ->configurable(false);
}

std::shared_ptr<bool> add_overwrite(CLI::App& command) {
  auto overwrite = std::make_shared<bool>(false);
  command.add_flag("--overwrite", *overwrite,
                   "Replace what an earlier experiment wrote there, unless it was changed since");
  return overwrite;
}

}  // namespace dmf
