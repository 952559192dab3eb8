#pragma once

#include <string>
#include <utility>
#include <vector>

#include "apps/inspection/findings.h"

namespace dmf {

/// Name and value of what describes the images as a set: sizes, formats, lesions, near-duplicates.
std::vector<std::pair<std::string, std::string>> summary_of(const Inspection& inspection);

}  // namespace dmf
