#include "apps/training/training_log.h"

#include <fmt/format.h>

#include <limits>

namespace dmf {
namespace {

std::string number(double value) {
  return fmt::format("{}", value);
}

/// A column under TensorBoard's tags, which group by what comes before the slash.
std::string tag_of(const std::string& column) {
  for (const std::string group : {"weight", "gradient", "cosine"}) {
    if (column.starts_with(group + "_")) {
      return group + "s/" + column.substr(group.size() + 1);
    }
  }
  return (column == "gamma" ? "weights/" : "losses/") + column;
}

/// Calls body(i, j) for every two of `count` losses.
template <class Body>
void for_each_pair(std::size_t count, const Body& body) {
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) body(i, j);
  }
}

}  // namespace

TrainingLog::TrainingLog(const std::filesystem::path& folder, const TrainOptions& options,
                         const TrainingProgress& at)
    : has_auxiliary_(options.auxiliary != "none"), record_gradients_(options.record_gradients) {
  losses_ = options.loss_columns();
  columns_ = {"total"};
  columns_.insert(columns_.end(), losses_.begin(), losses_.end());
  for (const std::string& name : options.base_losses()) columns_.push_back("weight_" + name);
  columns_.emplace_back("gamma");
  if (record_gradients_) {
    for (const std::string& name : losses_) columns_.push_back("gradient_" + name);
    for_each_pair(losses_.size(), [&](std::size_t i, std::size_t j) {
      columns_.push_back("cosine_" + losses_[i] + "_" + losses_[j]);
    });
  }
  std::vector<std::string> header = {"step", "epoch"};
  header.insert(header.end(), columns_.begin(), columns_.end());
  header.emplace_back("lr");
  steps_.emplace(folder / "steps.csv", header, at.step);
  epochs_.emplace(
      folder / "epochs.csv",
      std::vector<std::string>{"epoch", "train_loss", "validation_loss", "validation_mean_dice",
                               "validation_lesion_dice", "validation_lesion_dice_per_image",
                               "validation_cb_dice"},
      at.epoch);
  if (options.tensorboard) events_.emplace(folder / "events.out.tfevents.0.dmf", at.event_bytes);
}

void TrainingLog::step(const TrainingProgress& at, const StepWeights& step, double total,
                       double lr) {
  std::vector<double> values = {total};
  values.insert(values.end(), step.values.begin(), step.values.end());
  values.insert(values.end(), step.factors.begin(), step.factors.end());
  if (!has_auxiliary_) values.push_back(0.0);  // gamma
  if (record_gradients_) {
    const Gram& gradients = step.gradients.value();
    for (std::size_t k = 0; k < losses_.size(); ++k) values.push_back(gradients.norm(k));
    for_each_pair(losses_.size(),
                  [&](std::size_t i, std::size_t j) { values.push_back(gradients.cosine(i, j)); });
  }
  write_step(at, values, lr);
}

void TrainingLog::skipped_step(const TrainingProgress& at, double lr) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  write_step(at, std::vector<double>(columns_.size(), none), lr);
}

void TrainingLog::write_step(const TrainingProgress& at, const std::vector<double>& values,
                             double lr) {
  std::vector<std::string> cells = {fmt::format("{}", at.step), fmt::format("{}", at.epoch + 1)};
  for (const double value : values) cells.push_back(number(value));
  cells.push_back(number(lr));
  steps_->row(cells);
  if (!events_) return;
  std::vector<std::pair<std::string, double>> events;
  for (std::size_t k = 0; k < values.size(); ++k)
    events.emplace_back(tag_of(columns_[k]), values[k]);
  events.emplace_back("learning_rate", lr);
  events_->scalars(at.step, events);
}

void TrainingLog::epoch(const TrainingProgress& at, double training_loss, double validation_loss,
                        const Scores& pooled, double lesion_dice_per_image) {
  epochs_->row({number(static_cast<double>(at.epoch)), number(training_loss),
                number(validation_loss), number(pooled["dice"].mean),
                number(pooled["dice"].per_class[1]), number(lesion_dice_per_image),
                number(pooled.cb_dice)});
  if (!events_) return;
  events_->scalars(at.step, {{"epoch/training_loss", training_loss},
                             {"epoch/validation_loss", validation_loss},
                             {"validation/mean_dice", pooled["dice"].mean},
                             {"validation/lesion_dice", pooled["dice"].per_class[1]},
                             {"validation/lesion_dice_per_image", lesion_dice_per_image},
                             {"validation/cb_dice", pooled.cb_dice}});
}

void TrainingLog::image(const TrainingProgress& at, const std::string& id, const Picture& picture) {
  events_->image(at.step, "validation/" + id, picture);
}

std::uintmax_t TrainingLog::flush() {
  steps_->flush();
  epochs_->flush();
  return events_ ? events_->flush() : 0;
}

}  // namespace dmf
