#pragma once

#include <string>
#include <vector>

#include "dmf/fusion.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/loss_products.h"
#include "losses/evaluate.h"
#include "losses/registry.h"

namespace dmf {

class OptionSet;

/// What is minimised: losses, and how they are weighed.
struct ObjectiveOptions {
  std::vector<std::string> losses = {"cce", "mean_iou", "mean_dice"};
  std::string auxiliary = "none";
  FusionSpec fusion = {
      .rule = rule_settings()};     // its `losses` and `seed` are filled in from elsewhere
  Settings loss = loss_settings();  // of all losses
  std::string convention = "paper";
  std::int32_t ignore_index = kNoIgnore;
  Reduction reduction = Reduction::batch;
  bool soft_labels = false;
  GradientsAt gradients_at = GradientsAt::logits;

  /// Names of the base losses: as given, but for blanks.
  std::vector<std::string> base_losses() const;
  /// Those, then "auxiliary_NAME" where there is one: columns of logs.
  std::vector<std::string> loss_columns() const;

  /// Adds an option for each.
  void bind(OptionSet& set);
  /// Only those of the weighting rule.
  void bind_fusion(OptionSet& set);
  /// Only --ignore-index, which data have too.
  ///
  /// group  its heading in --help
  void bind_ignore_index(OptionSet& set, const std::string& group);
};

}  // namespace dmf
