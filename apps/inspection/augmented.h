#pragma once

#include <string>
#include <vector>

#include "apps/data/augmentation/composition.h"
#include "apps/data/samples.h"

namespace dmf {

/// One page that needs no network: some images of the data set, evenly spread over it, as a network
/// will see them. A row has the image untouched, then as each of the first epochs of a training with
/// this seed draws it; lesions are tinted and outlined.
///
/// understood  lines that say how the data set was read
std::string augmented_page(const std::string& title, const std::vector<std::string>& understood,
                           const SampleSet& samples, const Composition& composition,
                           std::uint64_t seed);

}  // namespace dmf
