#include "losses/registry.h"

#include "engine/core/check.h"
#include "losses/cross_entropy.h"
#include "losses/focal.h"
#include "losses/mean_dice.h"
#include "losses/mean_iou.h"
#include "losses/tversky.h"

namespace dmf {

const std::vector<std::string>& loss_names() {
  static const std::vector<std::string> names = {"cce",   "mean_iou", "mean_dice",
                                                 "focal", "tversky",  "cb_dice"};
  return names;
}

template <class S>
std::unique_ptr<Loss<S>> make_loss(const std::string& name, const LossSettings& s) {
  if (name == "cce") return make_cross_entropy<S>(s.common);
  if (name == "mean_iou") return make_mean_iou<S>({s.common, s.smooth_nr, s.smooth_dr});
  if (name == "mean_dice") return make_mean_dice<S>({s.common, s.smooth_nr, s.smooth_dr});
  if (name == "focal") return make_focal<S>({s.common, s.focal_gamma, s.focal_alpha});
  if (name == "tversky") {
    return make_tversky<S>(
        {s.common, s.tversky_alpha, s.tversky_beta, s.tversky_smooth, s.tversky_smooth});
  }
  if (name == "cb_dice") {
    return make_cb_dice<S>({s.common, s.cb_dice_balance, s.smooth_nr, s.smooth_dr});
  }
  throw ValueError(fmt::format("[loss] unknown loss '{}': expected one of {}.", name,
                               fmt::join(loss_names(), ", ")));
}

template std::unique_ptr<Loss<float>> make_loss(const std::string&, const LossSettings&);
template std::unique_ptr<Loss<double>> make_loss(const std::string&, const LossSettings&);

}  // namespace dmf
