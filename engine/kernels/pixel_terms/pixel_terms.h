#pragma once

#include "engine/kernels/soft_confusion/soft_confusion.h"

namespace dmf {

/// What one pass over the logits finds for every group of pixels, the batch or each image.
struct PixelTermsSpec {
  static constexpr int kMostNll = 4;

  std::int32_t ignore_index = kNoIgnore;
  bool per_image = false;
  bool counts = true;           // the soft counts of soft_confusion.h
  int nll = 0;                  // how many focal cross-entropies of pixel_nll.h
  double gamma[kMostNll] = {};  // of each of them
};

// All that losses ask of the pixels, from the logits [N, H, W, C] and the target [N, H, W]:
//
//   log_probs  [N, H, W, C] log softmax, which the gradient needs; always stored in full
//   terms      soft counts [3, G, C] where spec.counts, then the cross-entropies [nll, G], one
//              after another in one row
//   factors    [nll, 2, C] scale and normalizer of each cross-entropy
//   totals     [nll, G] its denominators, which a backend may want again in the gradient

namespace ref {
template <class T>
void pixel_terms_forward(const PixelTermsSpec& spec, In<T> logits, In<std::int32_t> target,
                         In<double> factors, View<T> log_probs, View<T> terms, View<double> totals,
                         Workspace& workspace);
/// dlogits from dterms; stored as the logits are
template <class T>
void pixel_terms_backward(const PixelTermsSpec& spec, In<T> log_probs, In<std::int32_t> target,
                          In<double> factors, In<double> totals, In<T> dterms, View<T> dlogits,
                          Workspace& workspace);
}  // namespace ref

namespace cpu {
template <class T>
void pixel_terms_forward(const PixelTermsSpec& spec, In<T> logits, In<std::int32_t> target,
                         In<double> factors, View<T> log_probs, View<T> terms, View<double> totals,
                         Workspace& workspace);
template <class T>
void pixel_terms_backward(const PixelTermsSpec& spec, In<T> log_probs, In<std::int32_t> target,
                          In<double> factors, In<double> totals, In<T> dterms, View<T> dlogits,
                          Workspace& workspace);
}  // namespace cpu

namespace cuda {
template <class T>
void pixel_terms_forward(const PixelTermsSpec& spec, In<T> logits, In<std::int32_t> target,
                         In<double> factors, View<T> log_probs, View<T> terms, View<double> totals,
                         Workspace& workspace);
template <class T>
void pixel_terms_backward(const PixelTermsSpec& spec, In<T> log_probs, In<std::int32_t> target,
                          In<double> factors, In<double> totals, In<T> dterms, View<T> dlogits,
                          Workspace& workspace);
}  // namespace cuda

}  // namespace dmf
