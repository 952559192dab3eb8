#include "apps/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "apps/support/progress.h"
#include "apps/training/checkpoint.h"
#include "apps/training/run_folder.h"
#include "dmf/fused_loss.h"
#include "engine/core/check.h"
#include "engine/optim/optimizer.h"
#include "engine/optim/weight_ema.h"

namespace dmf {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

FusedLoss<float> make_fused_loss(const TrainOptions& options) {
  std::vector<std::unique_ptr<Loss<float>>> losses;
  const LossSettings settings = options.loss_settings();
  for (const std::string& name : options.losses) losses.push_back(make_loss<float>(name, settings));
  std::unique_ptr<Loss<float>> auxiliary;
  if (options.auxiliary != "none") auxiliary = make_loss<float>(options.auxiliary, settings);
  return {std::move(losses), std::move(auxiliary), options.fusion};
}

std::unique_ptr<Optimizer<float>> make_optimizer(const TrainOptions& options,
                                                 const UNet<float>& network) {
  if (options.optimizer == "sgd") {
    return make_sgd(network.named_parameters(),
                    {options.momentum, options.weight_decay, options.nesterov});
  }
  AdamOptions adam;
  adam.weight_decay = options.weight_decay;
  adam.decoupled = options.optimizer == "adamw";
  return make_adam(network.named_parameters(), adam);
}

LearningRate make_schedule(const TrainOptions& options, std::int64_t total_steps) {
  return {
      options.schedule == "cosine" ? LearningRate::Shape::cosine : LearningRate::Shape::constant,
      options.lr, options.warmup_steps, total_steps, options.final_lr_fraction};
}

std::string number(double value) {
  return fmt::format("{}", value);
}

std::string weights_text(const std::vector<double>& weights) {
  return fmt::format("{:.2f}", fmt::join(weights, " "));
}

/// The state of one run and what is done with it each step and epoch.
class Run {
 public:
  Run(const TrainOptions& options, const RunData& data, const std::filesystem::path& folder)
      : options_(options),
        data_(data),
        folder_(folder),
        network_(options.network_spec()),
        loss_(make_fused_loss(options)),
        loader_(data.samples, data.split.train,
                {options.batch, augmentation_named(options.augment), true, options.seed}),
        optimizer_(make_optimizer(options, network_)),
        total_steps_(static_cast<std::int64_t>(loader_.batches()) * options.epochs),
        schedule_(make_schedule(options, total_steps_)),
        steps_log_(folder / "steps.csv", step_columns()),
        epochs_log_(
            folder / "epochs.csv",
            {"epoch", "train_loss", "validation_loss", "validation_mean_dice",
             "validation_lesion_dice", "validation_lesion_dice_per_image", "validation_cb_dice"}) {
    if (options.ema > 0.0) {
      ema_.emplace(network_.named_parameters(), network_.named_buffers(), options.ema);
    }
  }

  void train() {
    describe();
    start_ = Clock::now();
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      const double train_loss = train_epoch(epoch);
      validate(epoch, train_loss);
    }
  }

 private:
  std::vector<std::string> step_columns() {
    std::vector<std::string> columns = {"step", "epoch", "total"};
    for (const std::string& name : loss_.loss_names()) columns.push_back(name);
    if (options_.auxiliary != "none") columns.push_back("auxiliary_" + options_.auxiliary);
    for (const std::string& name : loss_.loss_names()) columns.push_back("weight_" + name);
    columns.insert(columns.end(), {"gamma", "lr"});
    return columns;
  }

  void describe() {
    progress_.line(fmt::format("network   {}: {} parameters, input {} x {} x {}", options_.model,
                               network_.parameter_count(), options_.image, options_.image,
                               options_.channels));
    const AuxiliarySchedule& aux = options_.fusion.auxiliary;
    std::string losses = fmt::format("losses    {}, weighting {}",
                                     fmt::join(options_.losses, " + "), options_.fusion.weighting);
    if (options_.auxiliary != "none") {
      losses += fmt::format("; auxiliary {}, gamma {:.3g} at the first step, {:.3g} at the last",
                            options_.auxiliary, aux.gamma(0), aux.gamma(total_steps_ - 1));
    }
    progress_.line(losses);
    progress_.line(
        "scores    validation, pooled; * marks the best CB-Dice so far, kept as best.safetensors");
    if (options_.auxiliary != "none" && aux.gamma(total_steps_ - 1) > 0.5 * aux.gamma(0)) {
      progress_.line(
          "warning: gamma falls by less than half, so the auxiliary loss outweighs the others for "
          "most of the run (see --aux-lambda, --batch-track-steps)");
    }
    if (options_.fusion.weighting != "fixed" && options_.fusion.history_size < 30) {
      progress_.line(fmt::format(
          "warning: statistics of {} values are poor (--history-size, at least 30 is better)",
          options_.fusion.history_size));
    }
    if (options_.fusion.weighting != "fixed" &&
        static_cast<std::int64_t>(options_.fusion.history_size) > total_steps_) {
      progress_.line(fmt::format(
          "warning: the run has {} steps, so the {} rule never takes over (--history-size {})",
          total_steps_, options_.fusion.weighting, options_.fusion.history_size));
    }
  }

  double train_epoch(int epoch) {
    network_.train();
    loader_.start_epoch(epoch);
    double sum = 0.0;
    std::size_t images = 0;
    const Clock::time_point epoch_start = Clock::now();
    while (const std::optional<Batch> batch = loader_.next()) {
      const auto result = step(*batch, epoch);
      const auto total = static_cast<double>(result.total.value().item());
      sum += total * static_cast<double>(batch->items.size());
      images += batch->items.size();
      const double done = static_cast<double>(step_) / static_cast<double>(total_steps_);
      progress_.update(
          done, fmt::format("epoch {}/{} loss {:.3f} w {} val Dice {} {:.0f} img/s {} left",
                            epoch + 1, options_.epochs, total, weights_text(result.weights),
                            last_dice_, static_cast<double>(images) / seconds_since(epoch_start),
                            duration_text(seconds_since(start_) * (1.0 - done) / done)));
    }
    images_per_second_ = static_cast<double>(images) / seconds_since(epoch_start);
    steps_log_.flush();
    return sum / static_cast<double>(images);
  }

  FusedLoss<float>::Result step(const Batch& batch, int epoch) {
    optimizer_->zero_grad();
    Prediction<float> prediction(network_.forward(Variable<float>(batch.images)), batch.labels);
    FusedLoss<float>::Result result = loss_.step(prediction);
    result.total.backward();
    if (options_.clip_norm > 0.0) clip_grad_norm(network_.named_parameters(), options_.clip_norm);
    const double lr = schedule_.at(step_);
    optimizer_->step(lr);
    if (ema_) ema_->update();

    std::vector<std::string> cells = {number(static_cast<double>(step_)), number(epoch + 1),
                                      number(static_cast<double>(result.total.value().item()))};
    for (const double value : result.losses) cells.push_back(number(value));
    if (options_.auxiliary != "none") cells.push_back(number(result.auxiliary));
    for (const double weight : result.weights) cells.push_back(number(weight));
    cells.insert(cells.end(), {number(result.gamma), number(lr)});
    steps_log_.row(cells);
    ++step_;
    return result;
  }

  void validate(int epoch, double train_loss) {
    if (ema_) ema_->swap();  // what is validated is what is saved
    double loss_sum = 0.0;
    EvaluationOptions how;
    how.batch = options_.batch;
    how.surfaces = false;
    how.observer = [&](const Variable<float>& logits, const Batch& batch) {
      Prediction<float> prediction(logits, batch.labels);
      loss_sum += static_cast<double>(loss_.evaluate(prediction).total.value().item()) *
                  static_cast<double>(batch.items.size());
    };
    const Evaluation scores = evaluate(network_, data_.samples, data_.split.validation, how);
    const double loss = loss_sum / static_cast<double>(data_.split.validation.size());
    const bool best = scores.pooled.cb_dice > best_cb_dice_;
    if (best) {
      best_cb_dice_ = scores.pooled.cb_dice;
      save_model(folder_ / "best.safetensors", network_, options_.preprocess_spec());
    }
    save_model(folder_ / "last.safetensors", network_, options_.preprocess_spec());
    if (ema_) ema_->swap();

    epochs_log_.row({number(epoch + 1), number(train_loss), number(loss),
                     number(scores.pooled.dice.mean), number(scores.pooled.dice.per_class[1]),
                     number(scores.lesion_dice_per_image), number(scores.pooled.cb_dice)});
    epochs_log_.flush();
    last_dice_ = fmt::format("{:.3f}", scores.pooled.dice.mean);
    const double done = static_cast<double>(step_) / static_cast<double>(total_steps_);
    progress_.line(fmt::format(
        "epoch {}/{} loss {:.3f} val {:.3f} Dice {:.3f} lesion {:.3f}{} w {} {:.0f} img/s {} left",
        epoch + 1, options_.epochs, train_loss, loss, scores.pooled.dice.mean,
        scores.pooled.dice.per_class[1], best ? "*" : " ",
        weights_text(loss_.fusion().current().weights), images_per_second_,
        duration_text(seconds_since(start_) * (1.0 - done) / done)));
  }

  const TrainOptions& options_;
  const RunData& data_;
  std::filesystem::path folder_;
  UNet<float> network_;
  FusedLoss<float> loss_;
  Loader loader_;
  std::unique_ptr<Optimizer<float>> optimizer_;
  std::int64_t total_steps_;
  LearningRate schedule_;
  CsvLog steps_log_, epochs_log_;
  std::optional<WeightEma<float>> ema_;
  Progress progress_;
  Clock::time_point start_;
  std::int64_t step_ = 0;
  double images_per_second_ = 0.0;
  double best_cb_dice_ = -1.0;
  std::string last_dice_ = "-";
};

}  // namespace

void check_options(const TrainOptions& options) {
  options.network_spec().validate();
  const Shape one_pixel{1, 1, 1, options.num_classes};
  Prediction<float> prediction(Variable<float>(Tensor<float>::zeros(one_pixel)),
                               Tensor<std::int32_t>::zeros(Shape{1, 1, 1}));
  make_fused_loss(options).evaluate(prediction);
}

SampleSet load_samples(const TrainOptions& options) {
  SampleSetOptions how;
  how.preprocess = options.preprocess_spec();
  how.classes = options.num_classes;
  how.mask_threshold = options.mask_threshold;
  how.skip_broken = options.skip_broken;
  how.cache_bytes = static_cast<std::size_t>(options.cache_mb) << 20;
  return SampleSet(find_dataset(options.data, options.dataset), how);
}

RunData load_data(const TrainOptions& options) {
  SampleSet samples = load_samples(options);
  Split split;
  if (!options.split_file.empty()) {
    split = read_split(options.split_file, samples);
  } else if (options.split == "grouped") {
    split =
        split_by_seed(near_duplicate_groups(samples, options.duplicate_threshold), options.seed);
  } else {
    split = split_by_seed(no_groups(samples.size()), options.seed);
  }
  return {std::move(samples), std::move(split)};
}

std::string describe_data(const RunData& data, const TrainOptions& options) {
  const SampleSet& samples = data.samples;
  std::map<std::string, std::size_t> counts;
  double share = 0.0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    ++counts[samples.item(i).image_class];
    share += samples.lesion_share(i) / static_cast<double>(samples.size());
  }
  std::string text =
      fmt::format("data      {}: {} images", samples.dataset().layout, samples.size());
  const std::map<std::string, int> published = {
      {"benign", 437}, {"malignant", 210}, {"normal", 133}};
  for (const auto& [name, count] : counts) {
    const auto of = published.find(name);
    if (samples.dataset().layout == "BUSI" && of != published.end()) {
      text += fmt::format(", {} {} (BUSI: {})", count, name, of->second);
    } else if (!name.empty()) {
      text += fmt::format(", {} {}", count, name);
    }
  }
  text += fmt::format("; lesion {:.1f} % of the pixels\n", 100.0 * share);
  text += fmt::format("masks     {}\n", samples.mask_rule().describe());
  for (const std::string& note : samples.dataset().notes)
    text += fmt::format("          {}\n", note);
  if (!samples.broken().empty()) {
    text +=
        fmt::format("warning: {} broken image{} left out: {}\n", samples.broken().size(),
                    samples.broken().size() == 1 ? "" : "s", fmt::join(samples.broken(), " | "));
  }
  const std::string how = !options.split_file.empty()
                              ? "from " + options.split_file
                              : options.split + fmt::format(", seed {}", options.seed);
  text +=
      fmt::format("split     {}: {} train, {} validation, {} test", how, data.split.train.size(),
                  data.split.validation.size(), data.split.test.size());
  return text;
}

void train_network(const TrainOptions& options, const RunData& data,
                   const std::filesystem::path& folder) {
  Run(options, data, folder).train();
}

}  // namespace dmf
