#pragma once

#include <string>

#include "apps/data/layouts/dataset.h"

namespace dmf {

/// "image_" and a hash of a name: the same for the same name, always. It tells nothing to who does
/// not guess the name; who does can check the guess.
std::string neutral_name(const std::string& name);

/// Gives every item a neutral name for its id, and keeps what it was.
void anonymise(Dataset& dataset);

}  // namespace dmf
