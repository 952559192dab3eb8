#pragma once

#include <optional>
#include <type_traits>
#include <vector>

#include "engine/core/choice.h"
#include "losses/loss.h"

namespace dmf {

/// Over which pixels a loss adds up: all of the batch, or each image's, and then the mean.
enum class Reduction : std::uint8_t { batch, image };

inline constexpr Named<Reduction> kReductions[] = {
    {"batch", Reduction::batch, "one loss"},
    {"image", Reduction::image, "the mean of each image's loss"}};

/// How each loss pulls at the logits, in as few numbers as there are sums of pixels: the gradient of
/// a loss for the logits is its gradient for those sums, times theirs. Where a loss asks for each
/// pixel, or labels are probabilities, there are no such sums, and the gradients for the logits are kept themselves.
template <class S>
struct LossGradients {
  std::vector<Tensor<S>> of_sums;    // for each loss, of the row's shape
  PixelSumsSpec layout;              // of the row
  Tensor<double> gram;               // [G, R, R], see PixelSums
  std::vector<Tensor<S>> of_logits;  // for each loss, [N, H, W, C], in the place of the others
  double share = 1.0;                // of the values, where several heads make them

  /// <dL_i/dlogits, dL_j/dlogits> of every two losses, unweighted and of this head alone: [K, K] on the
  /// CPU
  Tensor<double> products() const;
};

template <class S>
struct LossValues {
  Variable<S> values;                       // [K]
  std::vector<LossGradients<S>> gradients;  // at each head's logits; empty unless they were wanted
};

enum class WithGradients : std::uint8_t { no, yes };

/// The values of several losses by one pass over the logits.
///
/// logits  [N, H, W, C]
/// throws  as pixel_sums(), or soft_pixel_sums() where labels are probabilities, and what a loss
///         throws whose options do not fit the classes; where losses ask for each pixel,
///         ValueError naming them if labels are probabilities, DeviceError if the pixels are not
///         the CPU's
template <class S>
LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>& losses, const Variable<S>& logits,
                              const std::type_identity_t<PixelLabels<S>>& labels,
                              Reduction reduction = Reduction::batch,
                              WithGradients gradients = WithGradients::no);

/// The same where several heads are scored on the same labels, as one mean: head h, from 0 on, has half
/// the weight of the one before, and the weights' sum is 1 (nnU-Net, Isensee et al. 2021). Of a single
/// head it is the function above.
///
/// heads   logits of each, at least one
template <class S>
LossValues<S> evaluate_losses(const std::vector<const Loss<S>*>& losses,
                              const std::vector<Variable<S>>& heads,
                              const std::type_identity_t<PixelLabels<S>>& labels,
                              Reduction reduction = Reduction::batch,
                              WithGradients gradients = WithGradients::no);

/// Of one loss, [1].
template <class S>
Variable<S> evaluate_loss(const Loss<S>& loss, const Variable<S>& logits,
                          const std::type_identity_t<PixelLabels<S>>& labels,
                          Reduction reduction = Reduction::batch) {
  return evaluate_losses<S>({&loss}, logits, labels, reduction).values;
}

}  // namespace dmf
