#pragma once

#include <string>

#include "apps/oracle/reference_case.h"
#include "losses/registry.h"

namespace dmf {

/// The losses' options as a case's attributes give them: by their names with underscores
/// (`focal_gamma`, `smooth_nr`), or without the name of the case's own loss (`gamma`), each behind
/// `prefix`. `eps` is every loss's smoothing of the denominator.
Settings loss_settings_of(const ReferenceCase& c, const std::string& prefix);

}  // namespace dmf
