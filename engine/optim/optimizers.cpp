#include "engine/optim/optimizers.h"

namespace dmf {
namespace {

using Parameters = std::vector<NamedParameter<float>>;

const Setting kWeightDecay = {"weight-decay", 0.0, "L2 for adam and sgd, decoupled for adamw",
                              kAtLeastZero};

std::unique_ptr<Optimizer<float>> make_adam_or_adamw(Parameters parameters,
                                                     const Settings& settings, bool decoupled) {
  AdamOptions options;
  options.weight_decay = settings.number("weight-decay");
  options.decoupled = decoupled;
  return make_adam(std::move(parameters), options);
}

}  // namespace

const std::vector<OptimizerEntry>& optimizers() {
  static const std::vector<OptimizerEntry> table = {
      {"sgd",
       "stochastic gradient descent with momentum",
       {{"momentum", SgdOptions{}.momentum, "Of sgd", kFraction},
        {"nesterov", SgdOptions{}.nesterov, "Nesterov's momentum, for sgd"},
        kWeightDecay},
       [](Parameters parameters, const Settings& settings) {
         return make_sgd(std::move(parameters),
                         {settings.number("momentum"), settings.number("weight-decay"),
                          settings.flag("nesterov")});
       }},
      {"adam",
       "Kingma & Ba 2015",
       {kWeightDecay},
       [](Parameters parameters, const Settings& settings) {
         return make_adam_or_adamw(std::move(parameters), settings, false);
       }},
      {"adamw",
       "Adam with decoupled weight decay",
       {kWeightDecay},
       [](Parameters parameters, const Settings& settings) {
         return make_adam_or_adamw(std::move(parameters), settings, true);
       }},
  };
  return table;
}

Settings optimizer_settings() {
  return settings_of(optimizers());
}

}  // namespace dmf
