#include "apps/options/conventions.h"

#include "apps/options/recipes.h"
#include "engine/core/choice.h"

namespace dmf {
namespace {

/// An option under each convention. Of what is read at the versions named:
///
///   paper   equations (18), (20) to (25); its smoothing is the authors' notebook's 1e-7
///   demo    the notebook's class weights, which are 1 / share
///   monai   DiceLoss and TverskyLoss at d388d1c: an image and class at a time, then the mean
///   smp     segmentation_models.pytorch at 5006616, multiclass: pooled over the batch; its 1e-7 is
///           the least denominator, ours is added to it
///   nnunet  at 0e49508, a 2-D plan's batch Dice without background; its loss is ours less 1
///   keras   keras.losses.Dice and Tversky of Keras 3: all classes and images in one
struct Convention {
  std::string_view name, reduction, exclude_background, class_average, absent_class, smooth_nr,
      smooth_dr, tversky_smooth, cb_dice_balance;
};

constexpr Convention kConventions[] = {
    {"paper", "batch", "false", "macro", "penalise_fp", "0", "1e-07", "1e-07", "complement"},
    {"demo", "batch", "false", "macro", "penalise_fp", "0", "1e-07", "1e-07", "inverse_frequency"},
    {"monai", "image", "false", "macro", "penalise_fp", "1e-05", "1e-05", "1e-05", "complement"},
    {"smp", "batch", "false", "macro", "zero", "0", "1e-07", "0,1e-07", "complement"},
    {"nnunet", "batch", "true", "macro", "penalise_fp", "1e-05", "1e-05", "1e-05", "complement"},
    {"keras", "batch", "false", "micro", "penalise_fp", "1e-07", "1e-07", "1e-07", "complement"},
};

}  // namespace

std::vector<std::string> convention_names() {
  return names_of(kConventions);
}

std::vector<std::pair<std::string, std::string>> convention_settings(
    const std::string& convention) {
  const Convention& c = entry_named(kConventions, convention, "convention");
  const auto text = [](std::string_view value) { return std::string(value); };
  return {{"reduction", text(c.reduction)},
          {"exclude-background", text(c.exclude_background)},
          {"class-average", text(c.class_average)},
          {"absent-class", text(c.absent_class)},
          {"smooth-nr", text(c.smooth_nr)},
          {"smooth-dr", text(c.smooth_dr)},
          {"tversky-smooth", text(c.tversky_smooth)},
          {"cb-dice-balance", text(c.cb_dice_balance)}};
}

void apply_convention(CLI::App& app, const std::string& convention) {
  set_defaults(app, convention_settings(convention));
}

}  // namespace dmf
