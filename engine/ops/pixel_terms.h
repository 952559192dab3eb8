#pragma once

#include <string_view>
#include <vector>

#include "engine/autograd/variable.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"

namespace dmf {

/// Focal cross-entropy of every group of pixels (the batch, or each image):
///
///   -sum_i scale_{t_i} (1 - p_i)^gamma log p_i / sum_i normalizer_{t_i}
///
/// 0 for a group with no pixels that count.
struct NllTerm {
  double gamma = 0.0;                     // focusing exponent, >= 0; 0 gives plain cross-entropy
  std::vector<double> scale, normalizer;  // one a class

  friend bool operator==(const NllTerm&, const NllTerm&) = default;
};

/// What pixel_terms is asked for.
struct PixelTerms {
  std::int32_t ignore_index = kNoIgnore;
  bool per_image = false;  // one group an image, else one for the batch
  bool counts = true;      // TP_c = sum p y, FP_c = sum p (1 - y), FN_c = sum (1 - p) y
  std::vector<NllTerm> nll;
};

/// All that losses ask of the pixels, in one pass over the logits.
///
/// logits  [N, H, W, C]
/// target  [N, H, W], class indices in [0, C) or ignore_index
/// return  a row: the counts [3, G, C] where asked for, then each cross-entropy [G]
/// throws  ShapeError; ValueError naming the first label outside [0, C), a negative gamma, more
///         than four cross-entropies, or none of anything
template <class S>
Variable<S> pixel_terms(const Variable<S>& logits, const Tensor<std::int32_t>& target,
                        const PixelTerms& terms);

/// throws  ShapeError unless scores is [N, H, W, C] and target [N, H, W]; ValueError naming the
///         first label that is neither in [0, C) nor ignore_index. Labels on a device are not
///         looked at while its work is being recorded.
void check_target(std::string_view op, const Shape& scores, const Tensor<std::int32_t>& target,
                  std::int32_t ignore_index);

}  // namespace dmf
