#pragma once

#include "losses/loss.h"

namespace dmf {

/// Compares the gradient of a loss for the sums of pixels that it sees with differences, on two drawn
/// groups of `classes` classes from a fixed seed, in double. What a TP gains its FN loses, as by logits.
/// Where the two sides' slopes differ, as
/// where a min() changes its argument or an abs() is at 0, any slope between them is right.
///
/// throws  ValueError, one line that names the loss and the largest deviation, where they differ by
///         more than 1e-5 of the larger; where value or gradient are not finite, on those groups or on
///         groups whose last class no pixel has; where the gradient is 0 throughout
void require_gradient(const Loss<double>& loss, Index classes);

}  // namespace dmf
