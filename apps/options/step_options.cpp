#include "apps/options/step_options.h"

#include "apps/support/option_set.h"
#include "engine/core/parallel.h"

namespace dmf {

void StepOptions::bind(OptionSet& set) {
  const OptionGroup add(set, "Training");
  add.value("--epochs", epochs, "Passes over the training images")->check(whole_number(1, 1000000));
  add.value("--updates", updates,
            "At least so many steps, in whole epochs, instead of --epochs; 0: as --epochs says")
      ->check(whole_number(0, 1000000000));
  add.value("--batch", batch, "Images in a step")->check(whole_number(1, 4096));
  add.value(
         "--shards", shards,
         "Parts that a batch is cut into, each with its own statistics of batch normalisation, for as "
         "many processes (mpirun, srun) or fewer; results depend on it, not on the processes")
      ->check(whole_number(1, 4096));
  add.value("--optimizer", optimizer, help_of(optimizers()))->check(one_of(names_of(optimizers())));
  add.value("--lr", lr, "Learning rate")->check(number_in(kAboveZero));
  add_settings(set.app(), "Training", optimizer_settings);
  add.choice("--schedule", schedule, kSchedules, "Learning rate: " + help_of(kSchedules));
  add.value("--warmup-steps", warmup_steps, "Steps of linear warm-up")->check(whole_number(0));
  add.value("--final-lr-fraction", final_lr_fraction, "Of --lr, at the end of the fall")
      ->check(number_in(kUnit));
  add.value("--clip-norm", clip_norm, "Largest norm of the gradient; 0: no limit")
      ->check(number_in(kAtLeastZero));
  add.value("--ema", ema, "Average the weights with this decay; 0: off")
      ->check(number_in(kFraction));
  add.value(
         "--swa", swa,
         "Stochastic weight averaging: the mean of the weights at the ends of so many last epochs, "
         "instead of --ema; 0: off")
      ->check(whole_number(0, 1000000));
  add.value("--early-stop", early_stop,
            "End after so many epochs without a better CB-Dice of the validation images; 0: never. "
            "The learning rate falls over all epochs")
      ->check(whole_number(0, 1000000));
  add.value("--small-lesions", small_lesions,
            "Times that an image whose lesion is below 2 % of it is in an epoch")
      ->check(whole_number(1, 100));
  add.value("--init-from", init_from,
            "Begin with the weights of this model of the same shape: a run folder or a model file",
            {.is_path = true});
}

std::int64_t StepOptions::epoch_count(std::int64_t batches) const {
  return updates > 0 ? chunk_count(updates, batches) : epochs;
}

}  // namespace dmf
