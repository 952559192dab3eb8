#include "apps/options/run_options.h"

#include "apps/support/option_set.h"

namespace dmf {

void RunOptions::bind(OptionSet& set) {
  const OptionGroup add(set, "Training");
  add.value("--checkpoint-every", checkpoint_every,
            "Save the whole run every so many steps too; 0: after every epoch only",
            {.bears_on = BearsOn::pace, .may_vary = false})
      ->check(whole_number(0));
  add.value("--wait-limit", wait_limit,
            "Of several processes: seconds that one may wait for another before all end",
            {.bears_on = BearsOn::pace, .may_change_on_resume = true, .may_vary = false})
      ->check(whole_number(1, 86400));
  add.flag("--skip-not-finite", skip_not_finite,
           "Leave out a step whose loss or gradient is not finite instead of stopping");
  constexpr Nature kView = {.bears_on = BearsOn::view, .may_vary = false};
  add.flag("--record-gradients", record_gradients,
           "Write to steps.csv how strong each loss's own gradient is, for the logits", kView);
  add.flag("--tensorboard", tensorboard,
           "Write losses, weights, scores and images as events for TensorBoard too", kView);
  for (CLI::Option* option : add_device_options(set.app(), where)) {
    set.state(option, {.may_change_on_resume = true})->group("Training");
  }
  add.choice("--score-at", score_at, kScoredSizes, "Test scores: " + help_of(kScoredSizes));
  add.choice("--keep", keeps_last, kKeptWeights,
             "The weights that are used: " + help_of(kKeptWeights));
  add.choice("--inference", tuned_inference, kInferences, "Masks: " + help_of(kInferences));
  add.value("--seed", seed, "Of the split, the initial weights, the order and the augmentation",
            {.may_vary = false});
}

}  // namespace dmf
