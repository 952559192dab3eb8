#pragma once

#include "engine/kernels/pixel_nll/pixel_nll.h"

namespace dmf {

struct SoftConfusionSpec {
  std::int32_t ignore_index = kNoIgnore;
  bool per_image = false;  // counts of every image, else of the batch
};

// Soft counts of every class, p = exp(log_probs), y the one-hot target, over the pixels of a group:
//
//   counts[0] TP_c = sum p y    counts[1] FP_c = sum p (1 - y)    counts[2] FN_c = sum (1 - p) y
//
// log_probs [N, H, W, C], target [N, H, W], counts [3, G, C]. One pass; sums are kept in double.

namespace ref {
template <class T>
void soft_confusion_forward(const SoftConfusionSpec& spec, In<T> log_probs, In<std::int32_t> target,
                            View<T> counts, Workspace& workspace);
/// dlog_probs = p * (dTP y + dFP (1 - y) - dFN y)
template <class T>
void soft_confusion_backward(const SoftConfusionSpec& spec, In<T> log_probs,
                             In<std::int32_t> target, In<T> dcounts, View<T> dlog_probs);
}  // namespace ref

namespace cpu {
template <class T>
void soft_confusion_forward(const SoftConfusionSpec& spec, In<T> log_probs, In<std::int32_t> target,
                            View<T> counts, Workspace& workspace);
template <class T>
void soft_confusion_backward(const SoftConfusionSpec& spec, In<T> log_probs,
                             In<std::int32_t> target, In<T> dcounts, View<T> dlog_probs);
}  // namespace cpu

}  // namespace dmf
