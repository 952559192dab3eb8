#pragma once

#include "apps/options/options.h"
#include "apps/page/page.h"

namespace dmf {

/// Adds the network: its stages drawn from the image to the logits, smaller images lower, with their
/// sizes, channels and parameters; the same as a table, and every layer.
void add_network(Page& page, const TrainOptions& options);

}  // namespace dmf
