#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/options/options.h"
#include "apps/run/run_folder.h"
#include "apps/training/checkpoint.h"
#include "apps/training/event_log.h"
#include "dmf/fused_loss.h"
#include "losses/metrics/metrics.h"

namespace dmf {

/// What a training writes down as it goes: steps.csv, epochs.csv and, where it was asked for,
/// TensorBoard's events. All of it is kept in memory until flush().
class TrainingLog {
 public:
  /// Begins the files, or goes on with those of the run at this point.
  TrainingLog(const std::filesystem::path& folder, const TrainOptions& options,
              const TrainingProgress& at);

  /// The base losses, then "auxiliary_NAME" where there is one.
  const std::vector<std::string>& losses() const { return losses_; }

  void step(const TrainingProgress& at, const StepWeights& step, double total, double lr);
  /// A step that was left out: numbers that are none.
  void skipped_step(const TrainingProgress& at, double lr);
  /// at  with the epoch counted that is scored
  void epoch(const TrainingProgress& at, double training_loss, double validation_loss,
             const Scores& pooled, double lesion_dice_per_image);
  bool takes_images() const { return events_.has_value(); }
  void image(const TrainingProgress& at, const std::string& id, const Picture& picture);

  /// Returns once everything is on the disk.
  ///
  /// return  bytes of the event file, 0 without one
  std::uintmax_t flush();

 private:
  void write_step(const TrainingProgress& at, const std::vector<double>& values, double lr);

  std::vector<std::string> losses_, columns_;  // columns between epoch and lr
  bool has_auxiliary_, record_gradients_;
  std::optional<CsvLog> steps_, epochs_;
  std::optional<EventLog> events_;
};

}  // namespace dmf
