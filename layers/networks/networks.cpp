#include "layers/networks/networks.h"

#include <type_traits>

#include "layers/networks/cmunext.h"
#include "layers/networks/residual_unet.h"
#include "layers/networks/unet.h"

namespace dmf {
namespace {

NetworkEntry unet_entry(const UNetPreset& preset) {
  return {
      preset.name,
      preset.help,
      unet_settings(),
      [&preset](const NetworkSpec& spec) { return parameter_count(UNetSpec::of(preset, spec)); },
      [&preset](const NetworkSpec& spec, const Compute& compute) {
        return std::make_unique<UNet<float>>(UNetSpec::of(preset, spec), compute);
      },
      [&preset](const NetworkSpec& spec, const Compute& compute) {
        return std::make_unique<UNet<double>>(UNetSpec::of(preset, spec), compute);
      }};
}

/// An entry of a network class that is made of a spec of its own.
template <template <class> class Made, class Spec>
NetworkEntry entry(std::string_view name, std::string_view help, std::vector<Setting> settings) {
  return {name,
          help,
          std::move(settings),
          [](const NetworkSpec& spec) { return parameter_count(Spec::of(spec)); },
          [](const NetworkSpec& spec, const Compute& compute) {
            return std::make_unique<Made<float>>(Spec::of(spec), compute);
          },
          [](const NetworkSpec& spec, const Compute& compute) {
            return std::make_unique<Made<double>>(Spec::of(spec), compute);
          }};
}

const NetworkEntry& entry_of(std::string_view name) {
  return entry_named(networks(), name, "model");
}

}  // namespace

const std::vector<NetworkEntry>& networks() {
  static const std::vector<NetworkEntry> table = [] {
    std::vector<NetworkEntry> entries;
    for (const UNetPreset& preset : kUNetPresets) entries.push_back(unet_entry(preset));
    entries.push_back(entry<ResidualUNet, ResidualUNetSpec>(
        "residual", "nnU-Net's residual encoder", residual_settings()));
    entries.push_back(entry<Cmunext, CmunextSpec>("cmunext", "large-kernel depthwise convolutions",
                                                  cmunext_settings()));
    return entries;
  }();
  return table;
}

Settings network_settings() {
  return settings_of(networks());
}

NetworkSpec network_spec(std::string_view name) {
  const NetworkEntry& entry = entry_of(name);
  return {.name = std::string(entry.name), .settings = Settings(entry.settings)};
}

template <class S>
std::unique_ptr<Network<S>> make_network(const NetworkSpec& spec, const Compute& compute) {
  const NetworkEntry& entry = entry_of(spec.name);
  if constexpr (std::is_same_v<S, float>) {
    return entry.make(spec, compute);
  } else {
    return entry.make_double(spec, compute);
  }
}

Index parameter_count(const NetworkSpec& spec) {
  return entry_of(spec.name).parameter_count(spec);
}

template std::unique_ptr<Network<float>> make_network(const NetworkSpec&, const Compute&);
template std::unique_ptr<Network<double>> make_network(const NetworkSpec&, const Compute&);

}  // namespace dmf
