#pragma once

#include <memory>
#include <vector>

#include "layers/networks/networks.h"
#include "tests/support/random_tensor.h"

namespace dmf {

/// The same network with every number another, none near 0, ready to be evaluated.
inline std::unique_ptr<Network<float>> with_random_weights(
    std::unique_ptr<Network<float>> network) {
  Rng rng(9);
  for (auto& [name, tensor] : network->named_tensors()) {
    tensor.copy_from(random_tensor<float>(tensor.shape(), rng, 0.1, 1.0));
  }
  network->train(false);
  return network;
}

/// Small networks of every kind: U-Nets with every option, and each of the others.
inline std::vector<NetworkSpec> small_network_specs() {
  std::vector<NetworkSpec> specs;
  const auto add = [&specs](std::string_view name,
                            std::vector<std::pair<std::string, Setting::Value>> settings) {
    NetworkSpec spec = network_spec(name);
    spec.in_channels = 3;
    spec.classes = 4;
    for (const auto& [setting, value] : settings) spec.settings.set(setting, value);
    specs.push_back(spec);
  };
  const std::pair<std::string, Setting::Value> depth = {"depth", std::int64_t{2}},
                                               width = {"base-width", std::int64_t{4}};
  for (const char* name : {"paper", "classic"}) {
    add(name, {depth, width});
    for (const char* norm : {"batch", "instance", "group"}) {
      for (const char* activation : {"leaky_relu", "gelu"}) {
        add(name, {depth,
                   width,
                   {"norm", norm},
                   {"activation", activation},
                   {"down", "stride"},
                   {"norm-groups", std::int64_t{2}}});
      }
    }
  }
  add("classic", {depth, width, {"max-width", std::int64_t{6}}});
  const std::pair<std::string, Setting::Value> deep = {"deep-supervision", std::int64_t{1}};
  const std::pair<std::string, Setting::Value> attention = {"attention", true};
  add("paper", {depth, width, attention});
  add("classic", {depth, width, attention, {"norm", "group"}, {"norm-groups", std::int64_t{2}}});
  add("paper", {depth, width, deep});
  add("classic", {depth, width, deep});
  add("residual", {depth, width, deep, {"residual-blocks", std::vector<double>{1, 2, 1}}});
  add("cmunext", {{"cmunext-widths", std::vector<double>{4, 6, 8}},
                  {"cmunext-blocks", std::vector<double>{1, 1, 1}},
                  {"cmunext-kernels", std::vector<double>{3, 3, 3}},
                  deep});
  add("residual", {depth, width, {"residual-blocks", std::vector<double>{1, 2, 1}}});
  add("cmunext", {{"cmunext-widths", std::vector<double>{4, 6, 8}},
                  {"cmunext-blocks", std::vector<double>{1, 2, 1}},
                  {"cmunext-kernels", std::vector<double>{3, 7, 5}}});
  return specs;
}

}  // namespace dmf
