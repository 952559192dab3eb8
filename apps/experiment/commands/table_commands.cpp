#include <fmt/format.h>

#include "apps/data/leakage.h"
#include "apps/experiment/audit.h"
#include "apps/experiment/commands/commands.h"
#include "apps/files/output_files.h"
#include "apps/report/embedded.h"
#include "apps/report/replay.h"
#include "apps/run/run_data.h"
#include "apps/support/option_set.h"
#include "apps/support/option_values.h"

namespace dmf {

Action add_audit(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "audit", "Which rows of a table of published scores are impossible, and what they imply");
  auto table = std::make_shared<std::string>();
  command.add_option("table", *table,
                     "CSV with columns dice and iou, and precision, recall, f1, cb_dice and "
                     "lesion_share if known; without, the three tables of the paper (arXiv "
                     "2410.19745)");
  return [table] {
    const CsvTable rows =
        table->empty() ? parse_csv(embedded::kPaperTables, "the paper's tables") : read_csv(*table);
    fmt::print("{}", audit_text(audit(rows)));
    return 0;
  };
}

Action add_replay(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "replay", "The weights that a rule would have given on the losses of a run");
  struct Wanted {
    std::string steps, out, plot;
    bool all = false;
    ObjectiveOptions options;
  };
  auto wanted = std::make_shared<Wanted>();
  command.add_option("steps", wanted->steps, "A run's steps.csv")->required();
  command.add_option("--out", wanted->out, "CSV to write the weights to")->required();
  command.add_option("--plot", wanted->plot, "Page to draw them on");
  add_value(command, "Options", "--seed", wanted->options.fusion.seed, "Of rules that draw");
  const auto overwrite = add_overwrite(command);
  OptionSet set(command);
  wanted->options.bind_fusion(set);
  command.add_flag("--all", wanted->all, "Every rule that losses alone can be replayed for")
      ->excludes(command.get_option("--weighting"));
  return [=] {
    OutputFiles outputs({"experiment", *overwrite, "--out or --plot", {wanted->steps}});
    outputs.plan(wanted->out);
    if (!wanted->plot.empty()) outputs.plan(wanted->plot);
    outputs.begin();
    const CsvTable table = read_csv(wanted->steps);
    const FusionSpec& spec = wanted->options.fusion;
    ReplayOfAll replays;
    if (wanted->all) {
      replays = replay_all(table, spec);
    } else {
      replays.rules.push_back(replay(table, spec));
    }
    outputs.write(wanted->out, wanted->all ? replays.csv() : replays.rules.front().csv());
    if (!wanted->plot.empty()) {
      outputs.write(wanted->plot, replay_html(replays.rules, replays.left_out));
    }
    const Replay& first = replays.rules.front();
    fmt::print("{} steps of {} losses under {}: {}\n", first.steps.size(), first.losses.size(),
               wanted->all ? fmt::format("{} rules", replays.rules.size()) : spec.weighting,
               wanted->out);
    for (const std::string& rule : replays.left_out) fmt::print("left out  {}\n", rule);
    return 0;
  };
}

Action add_duplicates(CLI::App& app) {
  CLI::App& command = *app.add_subcommand(
      "duplicates", "Near-duplicate images of a data set, and those whose classes differ");
  auto options = std::make_shared<TrainOptions>();
  auto csv = std::make_shared<std::string>();
  OptionSet set(command);
  bind_data_options(set, *options);
  command.get_option("--data")->required();
  command.add_option("--csv", *csv, "Write the groups to this file too");
  const auto overwrite = add_overwrite(command);
  return [options, csv, overwrite] {
    OutputFiles outputs({"experiment", *overwrite, "--csv", {}});
    if (!csv->empty()) outputs.plan(*csv);
    outputs.begin();
    const LeakageReport report =
        find_leakage(load_samples(*options), options->split.duplicate_threshold);
    fmt::print("{}", report.text);
    if (!csv->empty()) outputs.write(*csv, report.csv);
    return 0;
  };
}

}  // namespace dmf
