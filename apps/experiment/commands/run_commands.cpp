#include <fmt/format.h>

#include "apps/experiment/commands/commands.h"
#include "apps/experiment/report/grid_report.h"
#include "apps/experiment/report/paper.h"
#include "apps/experiment/report/run_comparison.h"
#include "apps/files/output_files.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/training/step_cost.h"

namespace dmf {

namespace {

/// Runs of which something is made, and where it goes.
struct Reported {
  std::vector<std::string> folders;
  std::string out;

  Results results() const { return read_results(folders); }
};

std::shared_ptr<Reported> add_reported(CLI::App& command) {
  auto reported = std::make_shared<Reported>();
  command.add_option("folders", reported->folders, "Folders of runs, or above them")->required();
  command.add_option("--out", reported->out, "Folder to write to")->check(not_empty())->required();
  return reported;
}

}  // namespace

Action add_paper(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "paper",
      "What a paper of the runs in some folders begins with: LaTeX, figures and tidy tables");
  const auto reported = add_reported(command);
  const auto overwrite = add_overwrite(command);
  return [reported, overwrite] {
    fmt::print("{}", write_paper(reported->results(), reported->out, *overwrite));
    return 0;
  };
}

Action add_report(CLI::App& app) {
  CLI::App& command =
      *app.add_subcommand("report", "Tables, figures and a page of the runs in some folders");
  const auto reported = add_reported(command);
  auto cost = std::make_shared<bool>(false);
  command.add_flag("--cost", *cost,
                   "Measure what a step of each configuration takes here, and compare them in "
                   "equal time too");
  add_processor_options(command);
  const auto overwrite = add_overwrite(command);
  return [reported, cost, overwrite] {
    fmt::print("{}", write_grid_report(reported->results(), reported->out, *overwrite,
                                       *cost ? seconds_per_step : StepCost()));
    return 0;
  };
}

Action add_compare(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "compare", "A page of two runs side by side: options, scores and images that differ");
  struct Wanted {
    std::string a, b, out;
  };
  auto wanted = std::make_shared<Wanted>();
  command.add_option("run_a", wanted->a, "A run's folder")->required();
  command.add_option("run_b", wanted->b, "Another's")->required();
  command.add_option("--out", wanted->out, "Page to write")->check(not_empty())->required();
  const auto overwrite = add_overwrite(command);
  return [wanted, overwrite] {
    OutputFiles outputs({"experiment", *overwrite, "--out", {}});
    outputs.plan(wanted->out);
    outputs.begin();
    RunComparison compared = compare_runs(read_run(wanted->a), read_run(wanted->b), wanted->out);
    outputs.write(wanted->out, std::move(compared.page));
    fmt::print("{}\npage      {}\n", compared.sentence, wanted->out);
    return 0;
  };
}

}  // namespace dmf
