#pragma once

#include <vector>

#include "engine/core/check.h"
#include "engine/ops/pad2d.h"

namespace dmf {

/// Logits of images of any size from a network for sizes that `unit` divides: where it does not, zeros
/// are added at the bottom and right, and the logits cropped again.
///
/// what     for the error: "unet"
/// divisible  x -> logits of one or several heads, of equal height and width
/// throws   ShapeError unless x is [N, H, W, channels] with none of them 0
template <class S, class Divisible>
std::vector<Variable<S>> padded_to(Index unit, std::string_view what, Index channels,
                                   const Variable<S>& x, const Divisible& divisible) {
  DMF_CHECK(x.shape().rank() == 4 && x.size(3) == channels && x.value().numel() > 0, ShapeError,
            "[{}] x {}: expected [N, H, W, {}], none of them 0.", what, x.shape().str(), channels);
  const auto missing = [unit](Index size) { return static_cast<int>((unit - size % unit) % unit); };
  const int bottom = missing(x.size(1)), right = missing(x.size(2));
  if (bottom == 0 && right == 0) return divisible(x);
  std::vector<Variable<S>> logits = divisible(pad2d(x, {0, 0, bottom, right}));
  for (Variable<S>& each : logits) each = pad2d(each, {0, 0, -bottom, -right});
  return logits;
}

}  // namespace dmf
