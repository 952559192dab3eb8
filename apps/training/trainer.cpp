#include "apps/training/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "apps/data/loader.h"
#include "apps/evaluation/evaluation.h"
#include "apps/run/model_file.h"
#include "apps/run/provenance.h"
#include "apps/run/run_folder.h"
#include "apps/run/run_identity.h"
#include "apps/support/console.h"
#include "apps/support/machine_limits.h"
#include "apps/support/numbers.h"
#include "apps/support/progress.h"
#include "apps/support/signals.h"
#include "apps/support/within_memory.h"
#include "apps/training/averaged_weights.h"
#include "apps/training/checkpoint.h"
#include "apps/training/event_log.h"
#include "apps/training/gradient_watch.h"
#include "apps/training/memory_forecast.h"
#include "apps/training/non_finite.h"
#include "apps/training/parts.h"
#include "apps/training/run_lines.h"
#include "apps/training/together.h"
#include "apps/training/training_log.h"
#include "engine/core/check.h"
#include "engine/core/parallel.h"
#include "engine/optim/optimizer.h"

namespace dmf {
namespace {

constexpr std::size_t kWeightsColumns = 24;  // of the progress bar

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool one_class_everywhere(const ConfusionMatrix& pixels) {
  int predicted = 0;
  for (int c = 0; c < pixels.classes(); ++c) predicted += pixels.tp(c) + pixels.fp(c) > 0 ? 1 : 0;
  return predicted == 1;
}

// A GPU takes a few milliseconds for a step, and the CPU has nothing else to do meanwhile.
constexpr int kBatchesAhead = 4;

// Where memory runs out.
constexpr const char* kHelp =
    "A smaller --batch, --image or --base-width needs less. What was saved last is untouched";

constexpr std::string_view kCheckpoint = "checkpoint.safetensors";

constexpr std::int64_t kCompareEvery = 50;  // steps: whether all processes have the same parameters

/// The state of one run and what is done with it each step and epoch. Of several processes each has
/// all of it, and the first alone writes.
class Run {
 public:
  Run(const TrainOptions& options, const RunData& data, const std::filesystem::path& folder,
      Start start, const std::function<void()>& draw_page, const std::string& memory,
      Processes& processes)
      : options_(options),
        data_(data),
        processes_(processes),
        folder_(folder),
        page_(draw_page),
        memory_(memory),
        network_(make_network<float>(options.network_spec(), options.where.compute())),
        loader_(
            data.samples, trained_items(options, data),
            {options.batch, parse_composition(options.augment), true, options.seed,
             network_->device().is_cpu() ? 1 : kBatchesAhead, processes.rank(), processes.count()}),
        loss_(make_fused_loss(options, static_cast<std::int64_t>(loader_.batches()))),
        optimizer_(make_optimizer(options, *network_)),
        steps_(make_training_steps(options, *network_, loss_, *optimizer_, processes)),
        epochs_(options.epoch_count(static_cast<std::int64_t>(loader_.batches()))),
        total_steps_(static_cast<std::int64_t>(loader_.batches()) * epochs_),
        schedule_(make_schedule(options, total_steps_)),
        averages_(*network_, options, epochs_) {
    if (!options.init_from.empty() && start == Start::anew)
      begin_with(options.init_from, *network_);
    run_ = {read_provenance(folder / "run.json").id, run_definition(folder)};
    if (start == Start::from_checkpoint) {
      position_ = load_checkpoint(folder_ / kCheckpoint, parts(), run_);
    }
    if (processes.is_first()) log_.emplace(folder, options, position_);
    gradients_.emplace(options.loss_columns());
    if (start == Start::anew) save();
  }

  void train() {
    describe();
    require_same_parameters(processes_, *network_, position_.step);
    stop_if_asked();
    start_ = Clock::now();
    first_step_ = position_.step;
    while (!is_over()) {
      train_epoch();
      require_same_parameters(processes_, *network_, position_.step);
      validate();
      save();
      draw_page();
      if (!is_over()) stop_if_asked();
    }
    if (position_.epoch < epochs_) progress_.line(stopped_early(options_, position_, epochs_));
    if (const Device device = network_->device(); !device.is_cpu()) {
      progress_.line(fmt::format("memory    {:.0f} MB of the device at most",
                                 static_cast<double>(memory_stats(device).peak) / 1e6));
    }
  }

 private:
  /// A browser tab that reloads shows the weights move. No training ends for a page.
  void draw_page() {
    if (!processes_.is_first()) return;
    try {
      page_();
    } catch (const std::exception& problem) {
      progress_.clear();
      warn_of_missing(folder_, "no page", problem);
    }
  }

  void describe() {
    const RunFacts facts{network_->parameter_count(), loss_.fusion().needs(), memory_, epochs_,
                         total_steps_};
    for (const std::string& line : describe_run(options_, facts, position_)) progress_.line(line);
    for (const std::string& line : warnings_of_run(options_, facts)) progress_.problem(line);
  }

  TrainingParts parts() { return {*network_, *optimizer_, loss_.fusion(), averages_.average()}; }

  /// Makes what was done so far safe. The logs first: a checkpoint without its rows is no good.
  void save() {
    if (!processes_.is_first()) return;
    position_.event_bytes = log_->flush();
    if (warnings_given().size() > warnings_kept_) {
      keep_warnings(folder_ / "run.json");  // before what lets another process go on from here
      warnings_kept_ = warnings_given().size();
    }
    save_checkpoint(folder_ / kCheckpoint, parts(), position_, run_);
  }

  void stop_if_asked() const { stop_for(agreed_stop(processes_)); }

  void stop_for(int signal) const {
    if (signal == 0) return;
    throw Interrupted(signal,
                      fmt::format("stopped after step {} of {}, all of it saved. Go on with: {}",
                                  position_.step, total_steps_, resume_command(folder_)));
  }

  /// Whether all epochs are made, or so many without a better one as end the run early.
  bool is_over() const {
    const std::int64_t patience = options_.early_stop;
    return position_.epoch >= epochs_ ||
           (patience > 0 && position_.epoch - position_.best_epoch >= patience);
  }

  double share_done() const {
    return static_cast<double>(position_.step) / static_cast<double>(total_steps_);
  }
  /// At the pace since this process began.
  std::string time_left() const {
    const auto made = static_cast<double>(position_.step - first_step_);
    const auto left = static_cast<double>(total_steps_ - position_.step);
    return duration_text(seconds_since(start_) * left / std::max(made, 1.0));
  }

  /// The rest of the epoch that the run is in.
  void train_epoch() {
    network_->train();
    loader_.start_epoch(position_.epoch, position_.batches);
    const Clock::time_point epoch_start = Clock::now();
    const std::size_t images_before = position_.images;
    gradients_->start_epoch();
    std::optional<Batch> next;
    within_memory("while reading the first batch of an epoch: " + memory_, kHelp,
                  [&] { fetch(next); });
    while (next) {
      const Batch batch = *std::exchange(next, std::nullopt);
      processes_.set_doing(fmt::format("step {}", position_.step));
      const double total = within_memory(fmt::format("in step {}: {}", position_.step, memory_),
                                         kHelp, [&] { return step(next); });
      if (std::isfinite(total)) {
        position_.loss_sum += total * static_cast<double>(batch.items.size());
        position_.images += batch.items.size();
      }
      ++position_.batches;
      images_per_second_ =
          static_cast<double>(position_.images - images_before) / seconds_since(epoch_start);
      progress_.update(
          share_done(), time_left(),
          fmt::format("epoch {}/{} {:.0f} img/s loss {} Dice {} {}", position_.epoch + 1, epochs_,
                      images_per_second_, loss_text(total), position_.last_dice,
                      factors_text(options_, loss_.fusion().current(), kWeightsColumns)));
      const bool due =
          options_.checkpoint_every > 0 && position_.step % options_.checkpoint_every == 0;
      if (position_.step % kCompareEvery == 0)
        require_same_parameters(processes_, *network_, position_.step);
      const int stop = agreed_stop(processes_);
      if ((due || stop != 0) && position_.batches < loader_.batches()) {
        save();
        stop_for(stop);
      }
    }
  }

  /// next    the batch after this one, fetched while the device works
  /// return  the objective, or NaN for a step that was left out
  double step(std::optional<Batch>& next) {
    const double lr = schedule_.at(position_.step);
    std::vector<Tensor<float>> buffers;  // which a bad forward pass spoils
    if (options_.skip_not_finite) {
      for (const auto& b : network_->named_buffers()) buffers.push_back(b.tensor.clone());
    }
    StepWeights weighed;
    double total = 0.0;
    std::string problem;
    try {
      const LossValues<float>& values = steps_->values(wanted_gradients());
      weighed = loss_.weigh(values, true, steps_->gradients());
      gradients_->take_in(weighed);
      steps_->update(weighed.factors, lr);
      const bool looks_again = loss_.fusion().needs().losses_after_update;
      if (!looks_again) fetch(next);
      const TrainingSteps::Outcome outcome = steps_->finish();
      total = outcome.total;
      if (!outcome.updated) problem = bad_gradient(*network_);
      if (looks_again) {
        loss_.losses_after(steps_->values());
        network_->set_passes(static_cast<std::uint64_t>(position_.step) + 1);  // one pass a step
        fetch(next);
      }
    } catch (const NumericError& not_finite) {
      problem = not_finite.what();
      fetch(next);
    }
    if (!problem.empty()) {
      if (!options_.skip_not_finite) stop_not_finite(problem);
      const auto spoilt = network_->named_buffers();
      for (std::size_t i = 0; i < buffers.size(); ++i) spoilt[i].tensor.copy_from(buffers[i]);
      ++position_.skipped;
      if (log_) log_->skipped_step(position_, lr);
      ++position_.step;
      return std::numeric_limits<double>::quiet_NaN();
    }
    averages_.after_step();

    if (log_) log_->step(position_, weighed, total, lr);
    ++position_.step;
    return total;
  }

  void fetch(std::optional<Batch>& next) {
    next = loader_.next();
    if (next) steps_->send(*next);
  }

  /// The losses' own gradients: where the rule needs them, they are to be recorded, or a loss has
  /// had none yet in this epoch.
  WithGradients wanted_gradients() const {
    return options_.record_gradients || !gradients_->all_had_one() ? WithGradients::yes
                                                                   : loss_.needs_gradients();
  }

  /// What the network makes of a few validation images, for TensorBoard.
  void log_images() {
    constexpr std::size_t kImages = 3;
    const std::vector<std::size_t>& items = data_.split.validation;
    for (std::size_t k = 0; k < std::min(kImages, items.size()); ++k) {
      log_->image(position_, data_.samples.item(items[k]).id,
                  panel_of(Predictor(*network_), data_.samples, items[k]));
    }
  }

  /// Ends the run, with all there is to say about a loss or gradient that is not finite.
  [[noreturn]] void stop_not_finite(const std::string& problem) {
    std::string what;
    const std::filesystem::path kept = folder_ / "not_finite.safetensors";
    if (processes_.is_first()) {
      const Batch batch = loader_.whole(position_.batches);
      std::vector<std::string> images;
      for (const std::size_t item : batch.items) images.push_back(data_.samples.item(item).id);
      what = fmt::format(
          "step {}: {} First: {}. Images: {}", position_.step, problem,
          first_not_finite(*network_, loss_, batch, static_cast<std::uint64_t>(position_.step)),
          fmt::join(images, ", "));
      save_batch(kept, batch, what);
    }
    throw NumericError(
        fmt::format("[train] {} (kept as {}). What was saved last is untouched; "
                    "--skip-not-finite leaves such steps out.",
                    gather_texts(processes_, what).front(), kept.string()));
  }

  /// Scores the epoch that has just been trained, keeps its weights and moves on to the next.
  void validate() {
    averages_.after_epoch(position_.epoch + 1);
    averages_.swap();  // what is validated is what is saved
    processes_.set_doing(fmt::format("the validation of epoch {}", position_.epoch + 1));
    EvaluationOptions evaluation;
    evaluation.batch = options_.batch;
    evaluation.surfaces = false;
    evaluation.on_progress = [&](const std::string& what, std::size_t done, std::size_t total) {
      progress_.update(
          share_done(), time_left(),
          fmt::format("epoch {}/{} {} of {} {}", position_.epoch + 1, epochs_, done, total, what));
    };
    const auto [scores, loss_sum] = evaluate_together(
        processes_, Predictor(*network_), data_.samples, data_.split.validation, evaluation,
        [&](const Variable<float>& logits, const Batch& batch) {
          const auto objective =
              loss_.evaluate(logits, batch.labels_of_losses().to(logits.device())).total;
          return static_cast<double>(objective.value().item());
        });
    const double loss = loss_sum / static_cast<double>(data_.split.validation.size());
    const Scores pooled = score(scores.pooled, 0.0);
    const bool best = pooled.cb_dice > position_.best_cb_dice;
    const ModelFacts facts{options_.data.preprocess, {}, data_.samples.mask_encoding(), run_.id};
    if (best) {
      position_.best_cb_dice = pooled.cb_dice;
      position_.best_epoch = position_.epoch + 1;
    }
    if (processes_.is_first()) {
      if (best || options_.keeps_last) save_model(folder_ / "best.safetensors", *network_, facts);
      save_model(folder_ / "last.safetensors", *network_, facts);
    }
    if (log_ && log_->takes_images()) log_images();
    averages_.swap();

    const double train_loss = position_.loss_sum / static_cast<double>(position_.images);
    ++position_.epoch;
    position_.batches = position_.images = 0;
    position_.loss_sum = 0.0;
    position_.last_dice = fmt::format("{:.3f}", scores.lesion_dice_per_image());
    if (log_) log_->epoch(position_, train_loss, loss, pooled, scores.lesion_dice_per_image());
    progress_.line(epoch_line(
        options_,
        {position_.epoch, epochs_, train_loss, loss, scores.lesion_dice_per_image(), best},
        loss_.fusion().current(), time_left()));
    if (position_.skipped > 0) {
      progress_.problem(
          fmt::format("warning: {} step{} left out so far: a loss or gradient was not finite",
                      position_.skipped, position_.skipped == 1 ? "" : "s"));
    }
    for (const std::string& line : gradients_->warnings()) progress_.problem(line);
    if (one_class_everywhere(scores.pooled)) {
      progress_.problem(
          "warning: every pixel of the validation images is given one and the same class");
    }
  }

  const TrainOptions& options_;
  const RunData& data_;
  Processes& processes_;
  std::filesystem::path folder_;
  const std::function<void()>& page_;
  std::size_t warnings_kept_ = 0;
  std::string memory_;  // what a step needs, in words
  std::unique_ptr<Network<float>> network_;
  Loader loader_;
  FusedLoss<float> loss_;
  std::unique_ptr<Optimizer<float>> optimizer_;
  std::unique_ptr<TrainingSteps> steps_;
  std::int64_t epochs_, total_steps_;
  LearningRate schedule_;
  AveragedWeights averages_;
  RunIdentity run_;
  TrainingProgress position_;
  std::optional<TrainingLog> log_;  // the first process's
  Progress progress_;
  Clock::time_point start_;
  std::int64_t first_step_ = 0;  // of this process
  double images_per_second_ = 0.0;
  std::optional<GradientWatch> gradients_;
};

}  // namespace

void check_options(TrainOptions options) {
  if (options.data.masks.classes ==
      0) {  // not decided yet: as many as the lists that have one a class
    std::size_t listed = 2;
    for (const Setting& setting : options.loss.all()) {
      const auto* list = std::get_if<std::vector<double>>(&options.loss.value(setting.name));
      if (list != nullptr) listed = std::max(listed, list->size());
    }
    options.data.masks.classes = static_cast<int>(listed);
  }
  if (options.tensorboard) EventLog::check_built();
  check_formulas(options, options.data.masks.classes);
  const Shape one_pixel{1, 1, 1, options.data.masks.classes};
  make_fused_loss(options).evaluate(Variable<float>(Tensor<float>::zeros(one_pixel)),
                                    labels_for_losses(options, Shape{1, 1, 1}, Device::cpu()));
}

void train_network(const TrainOptions& options, const RunData& data,
                   const std::filesystem::path& folder, Start start,
                   const std::function<void()>& draw_page, Processes& processes) {
  const Device device = options.where.compute().device;
  const double available = available_memory(device);
  const auto images = static_cast<Index>(trained_items(options, data).size());
  const Index of_batch = chunk_count(images, chunk_count(images, options.batch));  // see Loader
  const Index largest = chunk_count(of_batch, processes.count());
  const std::string memory = within_memory("while measuring what a step needs", kHelp, [&] {
    return memory_text(forecast_memory(options), static_cast<int>(largest), available);
  });
  if (!device.is_cpu())
    release_cached_memory(device);  // to the recorded steps, which have their own
  // Beside the steps there are weights, moments, uploads, checkpoints.
  within_memory("while training: " + memory, kHelp,
                [&] { Run(options, data, folder, start, draw_page, memory, processes).train(); });
}

}  // namespace dmf
