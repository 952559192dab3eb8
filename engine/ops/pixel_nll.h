#pragma once

#include <string_view>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/kernels/pixel_nll/pixel_nll.h"

namespace dmf {

/// Focal cross-entropy of every group of pixels (the batch, or each image with spec.per_image):
///
///   -sum_i scale_{t_i} (1 - p_i)^gamma log p_i / sum_i normalizer_{t_i}
///
/// log_probs   [N, H, W, C]
/// target      [N, H, W], class indices in [0, C) or spec.ignore_index
/// scale       one factor a class;  normalizer: one weight a class in the denominator
/// return      [1], or [N] with per_image; 0 for a group with no pixels that count
/// throws      ShapeError; ValueError naming the first label outside [0, C), or a negative gamma
template <class S>
Variable<S> pixel_nll(const Variable<S>& log_probs, const Tensor<std::int32_t>& target,
                      const std::vector<double>& scale, const std::vector<double>& normalizer,
                      const PixelNllSpec& spec);

/// throws  ShapeError unless scores is [N, H, W, C] and target [N, H, W]; ValueError naming the
///         first label that is neither in [0, C) nor ignore_index. Labels on a device are not
///         looked at while its work is being recorded.
void check_target(std::string_view op, const Shape& scores, const Tensor<std::int32_t>& target,
                  std::int32_t ignore_index);

}  // namespace dmf
