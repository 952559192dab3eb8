#pragma once

#include <string>

#include "apps/oracle/reference_case.h"
#include "engine/optim/optimizer.h"

namespace dmf {

/// The optimiser that a case's attributes describe; ops name two of them differently.
inline AdamOptions adam_options_of(const ReferenceCase& c, const std::string& eps_key,
                                   const std::string& mode_key) {
  AdamOptions options;
  options.beta1 = c.number("beta1");
  options.beta2 = c.number("beta2");
  options.eps = c.number(eps_key);
  options.weight_decay = c.number("weight_decay");
  options.decoupled = c.choice(mode_key, {"adam", "adamw"}) == "adamw";
  return options;
}

}  // namespace dmf
