#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/settings.h"
#include "losses/loss.h"

namespace dmf {

/// What a loss is the mean of, and can be asked of one by one.
enum class MeanOf : std::uint8_t {
  classes,  // of each group
  pixels,   // by their own class's weights
  groups,   // the batch or each image: all classes and pixels of one belong together
};

/// What is known of a loss before it is made.
struct LossEntry {
  std::string_view name, help;
  std::vector<Setting> settings;  // its own
  bool on_counts;                 // of classes, so that the background can be left out
  MeanOf mean_of;

  std::unique_ptr<Loss<float>> (*make_float)(const Settings&);
  std::unique_ptr<Loss<double>> (*make_double)(const Settings&);

  template <class S>
  std::unique_ptr<Loss<S>> make(const Settings& settings_of_all) const;
};

/// All losses there are. A new one is a formula in a header of its own and a line in the table.
const std::vector<LossEntry>& losses();

/// The settings of all losses, at their defaults.
Settings loss_settings();

/// A loss of the table, or one written as a formula: losses/formula/loss_expression.h.
///
/// settings  loss_settings(), changed at will
/// throws    ValueError for what is neither
template <class S>
std::unique_ptr<Loss<S>> make_loss(std::string_view expression,
                                   const Settings& settings = loss_settings());

}  // namespace dmf
