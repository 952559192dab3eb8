#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "layers/networks/network.h"

namespace dmf {

/// A network that is chosen by its name. `--model`, its help, the options of the settings and model
/// files are made from this table.
struct NetworkEntry {
  template <class S>
  using Make = std::function<std::unique_ptr<Network<S>>(const NetworkSpec&, const Compute&)>;

  std::string_view name, help;
  std::vector<Setting> settings;
  /// How many parameters it has, found without building it: so many numbers a file must hold before
  /// its claim to be such a network is worth the memory.
  std::function<Index(const NetworkSpec&)> parameter_count;
  Make<float> make;
  Make<double> make_double;  // for what is checked in more digits
};

const std::vector<NetworkEntry>& networks();

/// The settings of all networks, at their defaults.
Settings network_settings();

/// That network, with all of its settings at their defaults.
///
/// throws  ValueError for another name than those of networks()
NetworkSpec network_spec(std::string_view name);

/// throws  ValueError naming what of the spec cannot be
template <class S>
std::unique_ptr<Network<S>> make_network(const NetworkSpec& spec,
                                         const Compute& compute = Device::cpu());

/// How many parameters that network has, found without building it.
Index parameter_count(const NetworkSpec& spec);

}  // namespace dmf
