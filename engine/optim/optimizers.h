#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/core/settings.h"
#include "engine/optim/optimizer.h"

namespace dmf {

/// An optimiser that is chosen by its name: `--optimizer`, its help and the options of the settings
/// are made from this table.
struct OptimizerEntry {
  std::string_view name, help;
  std::vector<Setting> settings;
  /// settings  those of the entry, and maybe others
  std::function<std::unique_ptr<Optimizer<float>>(std::vector<NamedParameter<float>>,
                                                  const Settings& settings)>
      make;
};

const std::vector<OptimizerEntry>& optimizers();

/// The settings of all optimisers, at their defaults.
Settings optimizer_settings();

}  // namespace dmf
