#pragma once

#include <string_view>

namespace dmf {

/// Of this build; the commit is empty where it was built outside a checkout.
extern const std::string_view kVersion, kCommit;

}  // namespace dmf
