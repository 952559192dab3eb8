#pragma once

#include <cstdint>

#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Label of pixels that take no part, unless an option says otherwise.
inline constexpr std::int32_t kNoIgnore = -1;

struct PixelNllSpec {
  double gamma = 0.0;                     // focusing exponent; 0 gives plain cross-entropy
  std::int32_t ignore_index = kNoIgnore;  // pixels with this label take no part
  bool per_image = false;                 // one loss an image, else one for the batch
};

// Focal cross-entropy of each group of pixels (the batch, or every image):
//
//   loss[g] = -sum_i scale_{t_i} (1 - p_i)^gamma log p_i / sum_i normalizer_{t_i}
//
// with t_i the label of pixel i and p_i its own class's probability; 0 where the denominator is 0.
// log_probs [N, H, W, C], target [N, H, W], scale and normalizer [C], loss [G].

namespace ref {
template <class T>
void pixel_nll_forward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                       In<double> scale, In<double> normalizer, View<T> loss, Workspace& workspace);
/// The gradient with respect to log_probs, zero but at each pixel's own class. It never divides by
/// p, and 1 - p is computed as -expm1(log p), so it is finite for any logits.
template <class T>
void pixel_nll_backward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                        In<double> scale, In<double> normalizer, In<T> dloss, View<T> dlog_probs,
                        Workspace& workspace);
}  // namespace ref

namespace cpu {
template <class T>
void pixel_nll_forward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                       In<double> scale, In<double> normalizer, View<T> loss, Workspace& workspace);
template <class T>
void pixel_nll_backward(const PixelNllSpec& spec, In<T> log_probs, In<std::int32_t> target,
                        In<double> scale, In<double> normalizer, In<T> dloss, View<T> dlog_probs,
                        Workspace& workspace);
}  // namespace cpu

}  // namespace dmf
