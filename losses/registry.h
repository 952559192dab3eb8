#pragma once

#include <memory>
#include <string>
#include <vector>

#include "losses/cb_dice.h"
#include "losses/loss.h"

namespace dmf {

/// The options of all losses in one place, for command lines and configuration files. A default is
/// the loss's own.
struct LossSettings {
  LossOptions common;
  double focal_gamma = 2.0;
  std::vector<double> focal_alpha = {0.25};
  double tversky_alpha = 0.7;
  double tversky_beta = 0.3;
  double tversky_smooth = 1e-7;  // in numerator and denominator
  double smooth_nr = 0.0;        // of mean_iou, mean_dice and cb_dice
  double smooth_dr = 1e-7;
  ClassBalance cb_dice_balance = ClassBalance::complement;
};

/// "cce", "mean_iou", "mean_dice", "focal", "tversky", "cb_dice"
const std::vector<std::string>& loss_names();

/// throws  ValueError for a name that is none of loss_names(), listing them
template <class S>
std::unique_ptr<Loss<S>> make_loss(const std::string& name, const LossSettings& settings);

}  // namespace dmf
