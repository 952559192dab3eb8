#pragma once

#include <string>

#include "layers/networks/networks.h"

namespace dmf {

class OptionSet;

/// Which network is trained, but for what the data say of it: channels and classes.
struct NetworkOptions {
  std::string model = "paper";
  Settings network_settings = dmf::network_settings();  // of all models; those of `model` count

  /// Adds an option for each.
  void bind(OptionSet& set);
};

}  // namespace dmf
