#pragma once

#include <string>

#include "apps/oracle/reference_case.h"
#include "losses/registry.h"

namespace dmf {

/// The losses' options as a case's attributes give them: `eps`, `gamma`, `alpha`, ..., or with
/// their loss's name in front (`focal_gamma`), each behind `prefix`.
Settings loss_settings_of(const ReferenceCase& c, const std::string& prefix);

}  // namespace dmf
