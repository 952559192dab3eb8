#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "apps/experiment/runner.h"

namespace dmf {

/// What a subcommand does; returns the program's exit status.
using Action = std::function<int()>;

// Each adds a subcommand of experiment to the program.

Action add_crossval(CLI::App& app);
Action add_report(CLI::App& app);
Action add_paper(CLI::App& app);
Action add_compare(CLI::App& app);
Action add_audit(CLI::App& app);
Action add_replay(CLI::App& app);
Action add_duplicates(CLI::App& app);

/// --jobs, --shard and --retry-failed, of whatever trains several runs.
void add_runner_options(CLI::App& app, RunnerOptions& runner);

/// --overwrite; whether it was given.
std::shared_ptr<bool> add_overwrite(CLI::App& command);

}  // namespace dmf
