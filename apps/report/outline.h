#pragma once

#include <string>

#include "apps/image/image.h"

namespace dmf {

/// Half as high and wide, rounded up: 1 where two or more of a pixel's four are above 0, else 0.
LabelMap halved(const LabelMap& labels);

/// The borders of all regions (see regions_of()) as an SVG path; empty where there is none. Filled
/// with the even-odd rule it is their pixels exactly.
///
/// unit  what the side of a pixel measures
std::string outline_of(const LabelMap& labels, int unit = 1);

}  // namespace dmf
