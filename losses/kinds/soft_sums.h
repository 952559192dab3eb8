#pragma once

#include "engine/ops/pixel_sums.h"

namespace dmf {

/// The sums of pixel_sums() where labels are probabilities t_ic, as those of several readers or of
/// another network: TP_c = sum_i p_ic t_ic, FP_c = sum_i p_ic (1 - t_ic), FN_c = sum_i (1 - p_ic) t_ic,
/// N_c = sum_i t_ic, and cross-entropies -sum_i sum_c scale_c t_ic (1 - p_ic)^gamma log p_ic /
/// sum_c normalizer_c N_c. Labels of 0 and 1 give what pixel_sums() gives.
///
/// logits   [N, H, W, C], on the CPU
/// labels   [N, H, W, C], >= 0; the classes of a pixel add up to 1, or to 0 where it does not count
/// request  without the gram
/// throws   ShapeError for labels of another shape, ValueError naming a pixel whose labels are no
///          probabilities, DeviceError where the logits are a GPU's
template <class S>
PixelSums<S> soft_pixel_sums(const Variable<S>& logits, const Tensor<S>& labels,
                             const PixelSumsRequest& request);

}  // namespace dmf
