#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>

#include "apps/data/augmentation/composition.h"
#include "apps/evaluation/choose_inference.h"
#include "apps/files/folders.h"
#include "apps/options/config_file.h"
#include "apps/options/option_conflicts.h"
#include "apps/options/recipes.h"
#include "apps/processes/processes.h"
#include "apps/programs.h"
#include "apps/report/run_report.h"
#include "apps/report/run_results.h"
#include "apps/run/model_file.h"
#include "apps/run/network_summary.h"
#include "apps/run/new_run.h"
#include "apps/run/provenance.h"
#include "apps/run/run_files.h"
#include "apps/run/run_folder.h"
#include "apps/run/run_identity.h"
#include "apps/support/common_options.h"
#include "apps/support/console.h"
#include "apps/support/machine_limits.h"
#include "apps/support/option_values.h"
#include "apps/support/program.h"
#include "apps/support/signals.h"
#include "apps/support/within_memory.h"
#include "apps/training/budget.h"
#include "apps/training/memory_forecast.h"
#include "apps/training/parts.h"
#include "apps/training/step_cost.h"
#include "apps/training/together.h"
#include "apps/training/trainer.h"
#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/core/parallel.h"
#include "engine/io/atomic_file.h"

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestText = std::uintmax_t{1} << 28;

/// A new run needs data and a place; one that goes on brings everything but what its options' nature
/// lets change.
void check_command(const CLI::App& app) {
  if (app.count("--summary") > 0) return;  // of no data
  if (app.count("--resume") == 0) {
    for (const char* needed : {"--data", "--out"}) {
      if (app[needed]->empty()) throw CLI::RequiredError(needed);
    }
    if (app.count("--data-changed") > 0) {
      throw CLI::ValidationError("--data-changed is for a run that goes on (--resume)");
    }
    for (const char* chosen : {"--epochs", "--updates"}) {
      if (app.count("--budget") == 0 || app.count(chosen) == 0) continue;
      throw CLI::ValidationError(fmt::format(
          "--budget says how many steps there are: {} cannot be given with it", chosen));
    }
    return;
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_lnames().empty()) continue;
    const std::string& key = option->get_lnames().front();
    const bool is_of_resuming = key == "resume" || key == "threads" || key == "isa" ||
                                key == "data-changed" || dmf::is_common_option(key);
    if (is_of_resuming || dmf::nature_of(key).may_change_on_resume) continue;
    std::string problem = "--resume takes its options from the run, so " + option->get_name() +
                          " cannot be given with it";
    if (option->check_name("--epochs")) {
      problem +=
          ": the learning rate at each step depends on it, so more epochs are another run (" +
          dmf::command_of("train") + " --config RUN/config.toml --epochs N --out ANOTHER)";
    }
    throw CLI::ValidationError(problem);
  }
}

class TrainCommand {
 public:
  explicit TrainCommand(CLI::App& app) : app_(app) {
    dmf::bind_options(app, options_, dmf::kTrainRecipe);
    app.add_option("--out", out_, "Folder to write the run to")
        ->type_name("DIR")
        ->check(dmf::not_empty())
        ->configurable(false);
    app.add_flag("--overwrite", overwrite_,
                 "Remove the run that is in that folder first; other files there stay")
        ->configurable(false);
    app.add_option(
           "--resume", resume_,
           "Go on with the run in this folder, with its own options (--data: where its data "
           "lie now)")
        ->type_name("DIR")
        ->check(dmf::not_empty())
        ->configurable(false);
    app.add_option(
           "--budget", budget_,
           "Time that the training may take, as 40m or 1h30m: chooses --image, --base-width "
           "and --updates by the speed of this machine")
        ->type_name("TIME")
        ->check(CLI::Validator(
            [](const std::string& text) {
              return dmf::seconds_in(text)
                         ? std::string()
                         : fmt::format("got '{}', expected a time as 90s, 40m or 1h30m", text);
            },
            ""))
        ->configurable(false);
    app.add_flag("--summary", summary_,
                 "Print the network's layers, parameters and memory, and train nothing")
        ->configurable(false);
    app.add_flag("--data-changed", data_changed_,
                 "Go on with a run although its images or masks changed since it began")
        ->configurable(false);
    dmf::add_processor_options(app);
    dmf::add_dry_run_option(app);
    dmf::add_json_option(app);
    app.final_callback([&app] { check_command(app); });
  }

  int run(const std::string& command, dmf::Processes& processes) {
    std::signal(SIGPIPE, SIG_IGN);  // say() goes on without a reader
    if (summary_) {
      dmf::check_options(options_);
      say_network();
      return 0;
    }
    const fs::path folder = resume_.empty() ? out_ : resume_;
    std::optional<dmf::RunLock> lock;
    dmf::NewRun run;
    std::optional<dmf::RunData> data;
    processes.set_wait_limit(options_.wait_limit);
    dmf::do_in_all(processes, [&] {
      look_at(folder, processes, lock);
      data.emplace(prepare(folder, command, processes, run));
    });
    processes.set_wait_limit(options_.wait_limit);  // the run's, where it goes on
    if (processes.count() > 1) {
      dmf::require_common(processes, {dmf::this_program(),
                                      {"the configuration", dmf::defining_lines(run.config)},
                                      {"the data set", run.from.fingerprint},
                                      {"the division of the data", run.split}});
    }
    dmf::say_lines(dmf::describe_data(*data, options_));
    if (resume_.empty()) {
      dmf::say(dmf::describe_recipe(app_) + "\n");
      warn_of_idle_options(*data);
    }
    dmf::end_dry_run((resume_.empty() ? "train into " : "go on with the run in ") +
                     folder.string());
    dmf::do_in_all(processes, [&] {
      if (processes.is_first()) write(folder, run, lock);
    });
    const dmf::StopRequest stop("stopping after this step; once more to stop at once");
    const bool saved = fs::exists(folder / "checkpoint.safetensors");
    dmf::train_network(
        options_, *data, folder, saved ? dmf::Start::from_checkpoint : dmf::Start::anew,
        [&] { dmf::write_run_page(folder); }, processes);
    if (processes.is_first()) score(folder, *data);
    return 0;
  }

 private:
  /// Whether there is a run to go on with, or room for a new one. The first process holds the folder.
  void look_at(const fs::path& folder, const dmf::Processes& processes,
               std::optional<dmf::RunLock>& lock) {
    if (!resume_.empty()) {
      read_options(folder);
      dmf::require_one_run(folder);
      if (processes.is_first()) lock.emplace(folder);
    } else if (processes.is_first()) {
      dmf::check_run_folder(folder, overwrite_);
    }
  }

  /// Reads and checks all that a training needs. Nothing is written.
  dmf::RunData prepare(const fs::path& folder, const std::string& command,
                       const dmf::Processes& processes, dmf::NewRun& run) {
    dmf::check_options(options_);
    dmf::check_shards(options_, processes.count());
    DMF_CHECK(budget_.empty() || processes.count() == 1, ValueError,
              "[train] --budget with {} processes: it measures one alone. Give --epochs or "
              "--updates.",
              processes.count());
    if (!budget_.empty()) keep_within_budget();
    const dmf::Compute compute = options_.where.compute();
    dmf::say(fmt::format("machine   {}\n", dmf::describe_machine()));
    if (processes.count() > 1) {
      dmf::say(fmt::format("processes {}, each with {} of {} shards of a batch\n",
                           processes.count(), options_.shards / processes.count(),
                           options_.shards));
    }
    if (compute.device.kind() == dmf::Device::Kind::reference) {
      dmf::say("device    reference: the plain kernels, on one thread\n");
    } else if (!compute.device.is_cpu()) {
      dmf::say(fmt::format("device    {}, {}\n", dmf::device_runtime::description(compute.device),
                           options_.where.precision));
    }
    dmf::SampleSet samples =
        dmf::load_samples(options_, options_.data.preprocess, masks_of_run(folder));
    decide_classes(samples);
    run.from = dmf::provenance_of(
        samples, dmf::describe_split(options_, samples),
        options_.data.anonymise ? "train (--anonymise: config.toml has all options)" : command);
    dmf::RunData data =
        resume_.empty() ? begin(run, std::move(samples)) : go_on(folder, run, std::move(samples));
    dmf::check_batches(options_,
                       static_cast<dmf::Index>(dmf::trained_items(options_, data).size()));
    return data;
  }

  /// Puts into the folder what a run has before its first step.
  void write(const fs::path& folder, const dmf::NewRun& run,
             std::optional<dmf::RunLock>& lock) const {
    if (resume_.empty()) {
      dmf::make_folder(folder);
      lock.emplace(folder);
      dmf::clear_run_folder(folder, overwrite_,
                            {{"config.toml", run.config}, {"split.csv", run.split}});
    }
    if (run.has_other_data) fs::remove(folder / "metrics.json");
    dmf::write_beginning(folder, run);
    if (!resume_.empty() && app_.count("--data") > 0) {
      const std::string moved = dmf::with_options(run.config, {{"data", options_.data.folder}});
      const std::string id = dmf::run_id_in(run.config);
      dmf::write_file_atomically(folder / "config.toml",
                                 id.empty() ? moved : dmf::with_run_id(moved, id));
    }
  }

  void score(const fs::path& folder, const dmf::RunData& data) const {
    dmf::within_memory("while scoring", "A smaller --batch needs less; the training is saved", [&] {
      dmf::Model model = dmf::load_model(folder, options_.where.compute());
      if (options_.tuned_inference) choose_inference(folder, model, data);
      dmf::write_results(folder, model, data, options_,
                         dmf::describe_split(options_, data.samples));
    });
    dmf::say(fmt::format("run folder: {}\n", folder.string()));
    dmf::print_json(dmf::read_file(folder / "metrics.json", kLargestText));
  }

  /// How the run that is gone on with reads its masks; nothing of a new one.
  std::optional<dmf::MaskEncoding> masks_of_run(const fs::path& folder) const {
    if (resume_.empty() || !fs::exists(folder / "run.json")) return std::nullopt;
    return dmf::read_provenance(folder / "run.json").masks;
  }

  void say_network() {
    if (options_.data.masks.classes == 0) options_.data.masks.classes = 2;  // without masks to tell
    const auto network = dmf::make_network<float>(options_.network_spec());
    const dmf::Index side = options_.data.preprocess.size;
    dmf::say(dmf::network_table(dmf::trace_network(*network, side, side)));
    const double available = dmf::available_memory(options_.where.compute().device);
    dmf::say(fmt::format("memory          {}\n", dmf::memory_text(dmf::forecast_memory(options_),
                                                                  options_.batch, available)));
  }

  /// The run's configuration holds what was chosen, so that it can be repeated anywhere.
  void keep_within_budget() {
    const dmf::BudgetPlan plan =
        dmf::plan_within(*dmf::seconds_in(budget_), options_, dmf::seconds_per_step);
    for (const auto& [key, value] : plan.settings) {
      CLI::Option& option = *app_.get_option("--" + key);
      option.clear();
      option.add_result(value);
      option.run_callback();
    }
    for (const std::string& line : plan.lines) dmf::say(line + "\n");
  }

  /// The run's configuration holds how many classes the masks turned out to have.
  void decide_classes(const dmf::SampleSet& samples) {
    if (options_.data.masks.classes != 0) return;
    options_.data.masks.classes = samples.mask_encoding().classes;
    dmf::check_options(options_);
    CLI::Option* classes = app_.get_option("--num-classes");
    classes->clear();
    classes->add_result(fmt::format("{}", options_.data.masks.classes));
  }

  /// Says on standard error what was asked for in vain.
  void warn_of_idle_options(const dmf::RunData& data) const {
    const auto images = static_cast<dmf::Index>(dmf::trained_items(options_, data).size());
    const std::int64_t batches = dmf::chunk_count(images, options_.batch);
    const std::int64_t steps = batches * options_.epoch_count(batches);
    for (const std::string& line : dmf::without_effect(app_, options_, steps)) {
      dmf::warn("warning: " + line, dmf::WarningAbout::command);
    }
  }

  /// Those of the run, but for what this command may say.
  void read_options(const fs::path& folder) {
    DMF_CHECK(fs::exists(folder / "config.toml"), IoError,
              "[resume] {} is not there: no run has begun in {}. Begin one with {} --data DATA "
              "--out {}.",
              (folder / "config.toml").string(), folder.string(), dmf::command_of("train"),
              dmf::shell_word(folder.string()));
    const dmf::TrainOptions given = options_;
    options_ = dmf::read_config((folder / "config.toml").string());
    // What `none` does has not changed; a run of this version holds any other in full.
    DMF_CHECK(options_.augment == "none" || !dmf::is_named_composition(options_.augment), IoError,
              "[resume] {} says augment=\"{}\", as older versions wrote it, whose draws this one "
              "does not make. Finish the run with the version that began it, or begin another: "
              "{} --config {} --out ANOTHER.",
              (folder / "config.toml").string(), options_.augment, dmf::command_of("train"),
              dmf::shell_word((folder / "config.toml").string()));
    if (app_.count("--device") > 0) options_.where.device = given.where.device;
    if (app_.count("--precision") > 0) options_.where.precision = given.where.precision;
    if (app_.count("--wait-limit") > 0) options_.wait_limit = given.wait_limit;
    if (app_.count("--data") > 0) options_.data.folder = dmf::absolute_path(given.data.folder);
    DMF_CHECK(app_.count("--data") > 0 || fs::is_directory(options_.data.folder), IoError,
              "[resume] {}, where the run's data lay, is not a folder: say where they lie now "
              "({} --data FOLDER).",
              options_.data.folder, dmf::resume_command(folder));
  }

  /// Of the weights that are scored; kept with them.
  void choose_inference(const fs::path& folder, dmf::Model& model, const dmf::RunData& data) const {
    const dmf::InferenceChoice choice = dmf::choose_inference(
        {&model.network()}, data.samples, data.split.validation,
        options_.score_at == dmf::ScoredSize::original ? &model.preprocess : nullptr,
        options_.batch, [&folder] { dmf::stop_scoring_if_asked(folder); });
    for (const std::string& line : choice.lines) dmf::say(line + "\n");
    model.inference = choice.inference;
    dmf::save_model(folder / "best.safetensors", model.network(), model);
  }

  dmf::RunData begin(dmf::NewRun& run, dmf::SampleSet samples) const {
    dmf::Split split = dmf::make_split(options_, samples);
    run.config = dmf::config_text(app_, dmf::Paths::absolute);
    run.split = dmf::split_csv(split, samples);
    dmf::identify(run);
    return {std::move(samples), std::move(split)};
  }

  /// A run is the same to the last bit only as long as the same kernels compute it.
  static void warn_of_other_kernels(const dmf::Provenance& begun) {
    const std::string kernels = dmf::describe_kernels();
    if (begun.kernels.empty() || begun.kernels == kernels) return;
    dmf::warn(fmt::format(
        "warning: begun with kernels {}, and going on with {}: what is computed differs "
        "in the last bits from a run that was not moved (--isa chooses)",
        begun.kernels, kernels));
  }

  /// Compares the data with those of the run and completes what its folder does not have yet.
  dmf::RunData go_on(const fs::path& folder, dmf::NewRun& run, dmf::SampleSet samples) const {
    const std::string config = dmf::read_file(folder / "config.toml", kLargestText);
    bool changed = false, other_data = false;
    if (fs::exists(folder / "run.json")) {
      dmf::Provenance from = dmf::read_provenance(folder / "run.json");
      warn_of_other_kernels(from);
      changed = dmf::require_same_data(folder, from, samples, data_changed_);
      if (changed) {
        from.former_data.push_back(from.fingerprint);
        from.data_set = run.from.data_set;
      }
      other_data = !from.former_data.empty();
      from.data = std::move(run.from.data);
      from.fingerprint = run.from.fingerprint;
      run.from = std::move(from);
    }
    const bool divided = fs::exists(folder / "split.csv");
    dmf::Split split =
        divided ? dmf::parse_split(dmf::read_csv(folder / "split.csv"), samples,
                                   other_data ? dmf::DataChange::allowed : dmf::DataChange::refused)
                : dmf::make_split(options_, samples);
    run.split = divided ? dmf::read_file(folder / "split.csv", kLargestText)
                        : dmf::split_csv(split, samples);
    run.config = config;
    if (run.from.id.empty()) dmf::identify(run);
    run.has_other_data = changed;
    return {std::move(samples), std::move(split)};
  }

  CLI::App& app_;
  dmf::TrainOptions options_;
  std::string out_, resume_, budget_;
  bool overwrite_ = false, data_changed_ = false, summary_ = false;
};

}  // namespace

int dmf::train_program(const Call& call) {
  const auto run = [&call](Processes& processes) {
    CLI::App app(
        "Trains a U-Net on ultrasound images with Dynamic Memory Fusion. Research software, not for "
        "diagnosis.",
        "train");
    TrainCommand train(app);
    return run_program(app, call, [&] { return train.run(call.command_line(), processes); });
  };
  if (call.reader) {
    OneProcess alone;
    return run(alone);
  }
  return run_together("train", call.argv, run);
}
