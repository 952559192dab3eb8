#include "apps/options/network_options.h"

#include "apps/support/option_set.h"

namespace dmf {

void NetworkOptions::bind(OptionSet& set) {
  OptionGroup(set, "Network")
      .value("--model", model, help_of(networks()))
      ->check(one_of(names_of(networks())));
  add_settings(set.app(), "Network", network_settings);
}

}  // namespace dmf
