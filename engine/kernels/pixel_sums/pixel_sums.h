#pragma once

#include <cstdint>

#include "engine/core/instruction_set.h"
#include "engine/kernels/pixel_sums/class_balance.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Label of pixels that take no part, unless an option says otherwise.
inline constexpr std::int32_t kNoIgnore = -1;

/// Which pixels are added up: not those labelled ignore_index; all of the batch in one group, or
/// those of each image in a group of its own.
struct PixelGroups {
  std::int32_t ignore_index = kNoIgnore;
  bool per_image = false;

  Index count(const Shape& labels) const { return per_image ? labels[0] : 1; }
};

/// What is added up, and where each sum lies. G groups, C classes; the sums of all groups are one
/// row, the counts [3, G, C] before the cross-entropies [J, G].
struct PixelSumsSpec {
  PixelGroups groups;
  bool counts = true;  // TP_c = sum p y, FP_c = sum p (1 - y), FN_c = sum (1 - p) y
  Index terms = 0;     // J, how many focal cross-entropies

  /// Sums of one group: TP, FP and FN of each class, then the cross-entropies.
  constexpr Index of_group(Index C) const { return first_term(C) + terms; }
  constexpr Index first_term(Index C) const { return counts ? 3 * C : 0; }
  /// Where a group's sum lies in the row.
  constexpr Index in_row(Index sum, Index g, Index G, Index C) const {
    const Index term = sum - first_term(C);
    if (term >= 0) return first_term(C) * G + term * G + g;
    return (sum / C * G + g) * C + sum % C;
  }
};

/// One focal cross-entropy's numbers in `factors`: its exponent, what a pixel of each label counts
/// in the sum, and what in the denominator.
struct TermFactors {
  const double *gamma, *scale, *normalizer;

  static constexpr Index size(Index C) { return 1 + 2 * C; }
  static constexpr TermFactors at(const double* factors, Index j, Index C) {
    const double* first = factors + j * size(C);
    return {first, first + 1, first + 1 + C};
  }

  /// sum_c normalizer_c N_c of a group with these pixels, [C]
  constexpr double denominator(const double* pixels, Index C) const {
    double sum = 0.0;
    for (Index c = 0; c < C; ++c) sum += normalizer[c] * pixels[c];
    return sum;
  }
};

/// What a group's sum is divided by, the group having these pixels by label: 1 for a count.
constexpr double divisor_of(const PixelSumsSpec& spec, Index sum, const double* factors,
                            const double* pixels, Index C) {
  const Index j = sum - spec.first_term(C);
  return j < 0 ? 1.0 : TermFactors::at(factors, j, C).denominator(pixels, C);
}
/// 0 where nothing is divided by.
constexpr double quotient(double value, double divisor) {
  return divisor > 0.0 ? value / divisor : 0.0;
}

// All that losses ask of the pixels. With t_i the label of pixel i and p the softmax of its logits:
//
//   logits     [N, H, W, C]
//   labels     [N, H, W], class indices in [0, C) or ignore_index
//   factors    [J, 1 + 2 C]: gamma, scale and normalizer of each cross-entropy, see TermFactors
//   log_probs  [N, H, W, C] log softmax, which the gradient needs; always stored in full
//   row        the sums, see PixelSumsSpec; cross-entropy j of a group is
//                -sum_i scale_{t_i} (1 - p_i)^gamma log p_i / sum_c normalizer_c N_c
//              and 0 where the denominator is 0
//   pixels     [G, C] N_c: how many pixels carry each label
//   gram       [G, R, R], R = of_group(C): inner products over all pixels of the gradients that a
//              group's sums have for the logits. Empty: not asked for

template <class T>
class PixelSumsKernels {
 public:
  virtual void forward(const PixelSumsSpec& spec, In<T> logits, In<std::int32_t> labels,
                       In<double> factors, View<T> log_probs, View<T> row, View<double> pixels,
                       View<double> gram, Workspace& workspace) const = 0;

  /// dlogits from drow; stored as the logits are
  virtual void backward(const PixelSumsSpec& spec, In<T> log_probs, In<std::int32_t> labels,
                        In<double> factors, In<double> pixels, In<T> drow,
                        View<T> dlogits) const = 0;

  /// shares [G, C] of the classes in a mean over classes and groups, see class_shares_of
  ///
  /// factors  [C], what each class counts beside its balance
  virtual void class_shares(ClassSharing sharing, In<double> pixels, In<double> factors,
                            View<T> shares, Workspace& workspace) const = 0;

  static const PixelSumsKernels& reference();
  template <InstructionSet>
  static const PixelSumsKernels& cpu();
  static const PixelSumsKernels& cuda();

 protected:
  ~PixelSumsKernels() = default;
};

}  // namespace dmf
