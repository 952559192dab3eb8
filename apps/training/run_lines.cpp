#include "apps/training/run_lines.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "apps/support/numbers.h"

namespace dmf {

std::vector<std::string> describe_run(const TrainOptions& options, const RunFacts& facts,
                                      const TrainingProgress& position) {
  const PreprocessSpec& input = options.data.preprocess;
  std::vector<std::string> lines = {fmt::format("network   {}: {} parameters, input {} x {} x {}",
                                                options.model, facts.parameters, input.size,
                                                input.size, input.channels)};
  std::string losses = fmt::format("losses    {}, weighting {}", fmt::join(options.losses, " + "),
                                   options.fusion.weighting);
  if (options.auxiliary != "none") {
    const AuxiliarySchedule& aux = options.fusion.auxiliary;
    losses += fmt::format("; auxiliary {}, gamma {:.3g} at the first step, {:.3g} at the last",
                          options.auxiliary, aux.gamma(0), aux.gamma(facts.total_steps - 1));
  }
  lines.push_back(losses);
  const bool takes_gradients = facts.rule.gradients || options.record_gradients;
  if (takes_gradients && options.gradients_at != GradientsAt::logits) {
    const std::size_t passes = options.losses.size() + (options.auxiliary != "none" ? 1 : 0);
    lines.push_back(
        fmt::format("gradients at {}: {} more backward passes a step{}",
                    name_of(kGradientsAt, options.gradients_at), passes,
                    options.gradients_at == GradientsAt::last_layer ? ", short ones" : ""));
  }
  lines.push_back("memory    " + facts.memory);
  if (position.step > 0) {
    lines.push_back(fmt::format(
        "resumed   after step {} of {}, in epoch {} of {}", position.step, facts.total_steps,
        std::min<std::int64_t>(position.epoch + 1, facts.epochs), facts.epochs));
  }
  lines.push_back(fmt::format(
      "columns   loss: training/validation, with its weights; lesion Dice: mean over validation "
      "images; then the losses' weights; * marks the best CB-Dice so far{}",
      options.keeps_last ? "" : ", kept as best.safetensors"));
  return lines;
}

std::string factors_text(const TrainOptions& options, const Fusion::Factors& factors,
                         std::size_t columns) {
  std::string named, bare = "w";
  const std::vector<std::string> losses = options.base_losses();
  for (std::size_t k = 0; k < losses.size(); ++k) {
    const std::string text = fmt::format("{:.2f}", factors.weights[k]);
    const std::string number = text.starts_with("0.") ? text.substr(1) : text;
    named += fmt::format("{}{} {}", k == 0 ? "" : " ", losses[k], number);
    bare += " " + number;
  }
  const std::string gamma =
      options.auxiliary == "none" ? "" : fmt::format(" gamma {:.1f}", factors.gamma);
  return (named.size() + gamma.size() <= columns ? named : bare) + gamma;
}

std::string epoch_line(const TrainOptions& options, const EpochOutcome& outcome,
                       const Fusion::Factors& factors, const std::string& time_left) {
  constexpr std::size_t kColumns = 80;
  const std::string front =
      fmt::format("epoch {}/{} loss {}/{} lesion Dice {:.3f}{} ", outcome.epoch, outcome.epochs,
                  loss_text(outcome.train_loss), loss_text(outcome.validation_loss),
                  outcome.lesion_dice, outcome.best ? "*" : " ");
  const std::string back = fmt::format(" {} left", time_left);
  const std::size_t used = front.size() + back.size();
  return front + factors_text(options, factors, used < kColumns ? kColumns - used : 0) + back;
}

std::string stopped_early(const TrainOptions& options, const TrainingProgress& position,
                          std::int64_t epochs) {
  return fmt::format("stopped   after epoch {} of {}: none better since epoch {} (--early-stop {})",
                     position.epoch, epochs, position.best_epoch, options.early_stop);
}

std::vector<std::string> warnings_of_run(const TrainOptions& options, const RunFacts& facts) {
  std::vector<std::string> lines;
  const AuxiliarySchedule& aux = options.fusion.auxiliary;
  if (options.auxiliary != "none" && aux.gamma(facts.total_steps - 1) > 0.5 * aux.gamma(0)) {
    lines.emplace_back(
        "warning: gamma falls by less than half, so the auxiliary loss outweighs the others for "
        "most of the run (see --aux-lambda, --batch-track-steps)");
  }
  if (facts.rule.full_history && options.fusion.history_size < 30) {
    lines.push_back(fmt::format(
        "warning: statistics of {} values are poor (--history-size, at least 30 is better)",
        options.fusion.history_size));
  }
  const bool full = facts.rule.full_history;
  const std::size_t waits =
      std::max(full ? options.fusion.history_size : 0, facts.rule.least_history);
  if (static_cast<std::int64_t>(waits) > facts.total_steps) {
    lines.push_back(fmt::format(
        "warning: the run has {} steps, so the {} rule never takes over: it waits for {} values{}",
        facts.total_steps, options.fusion.weighting, waits, full ? " (--history-size)" : ""));
  }
  return lines;
}

}  // namespace dmf
