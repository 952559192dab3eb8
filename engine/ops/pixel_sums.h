#pragma once

#include <vector>

#include "engine/autograd/variable.h"
#include "engine/ops/labels.h"

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

/// What pixel_sums is asked for.
struct PixelSumsRequest {
  bool per_image = false;  // one group an image, else one for the batch
  bool counts = true;      // TP_c = sum p y, FP_c = sum p (1 - y), FN_c = sum (1 - p) y
  std::vector<NllTerm> terms;
  bool gram = false;  // the inner products of the sums' gradients for the logits too
};

template <class S>
struct PixelSums {
  Variable<S> row;        // the counts [3, G, C] where asked for, then each cross-entropy [G]
  PixelSumsSpec layout;   // of the row
  Tensor<double> pixels;  // [G, C] that carry each label
  Tensor<double> gram;    // [G, R, R] where asked for, R the sums of one group
};

/// All that losses ask of the pixels, in one pass over the logits. The gradient flows from the row.
///
/// logits  [N, H, W, C]
/// throws  ShapeError where the labels are of another shape or number of classes, or factors not
///         one a class; ValueError for a negative gamma, or a request for nothing
template <class S>
PixelSums<S> pixel_sums(const Variable<S>& logits, const Labels& labels,
                        const PixelSumsRequest& request);

/// How much each class counts in a mean over classes and groups, from how many pixels carry its
/// label: share_c = w_c factor_c / sum_k(w_k factor_k) / G, w by the sharing's balance; 0 where the
/// sum is 0, and for an absent class where the sharing says so.
///
/// pixels   [G, C]
/// factors  one a class
/// return   [G, C]
template <class S>
Tensor<S> class_shares(ClassSharing sharing, const Tensor<double>& pixels,
                       const std::vector<double>& factors);

}  // namespace dmf
