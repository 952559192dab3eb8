#pragma once

#include <functional>
#include <vector>

#include "apps/evaluation/inference.h"
#include "apps/image/image.h"
#include "layers/networks/network.h"

namespace dmf {

/// Logits of a batch in evaluation mode, recording nothing; the network's mode is as before after.
Variable<float> evaluation_logits(Network<float>& network, const Tensor<float>& images);

/// What networks make of images: the mean of the probabilities of all members, each seen as it is
/// and, where asked for, mirrored, larger, and both.
class Predictor {
 public:
  /// Called with the first member's logits of the images as they are.
  using Observer = std::function<void(const Variable<float>& logits)>;

  /// members  at least one, of as many channels and classes each; they must outlive the predictor
  explicit Predictor(std::vector<Network<float>*> members, const Inference& inference = {});
  explicit Predictor(Network<float>& network) : Predictor({&network}, {}) {}

  int classes() const;
  /// How many views of an image its probabilities are the mean of: one of each member, or of a
  /// network alone one of each look, as it is, larger, mirrored.
  std::size_t opinions() const;
  const Inference& inference() const { return inference_; }

  /// images  [N, H, W, C_in]
  /// return  of each image the class probabilities, [H, W, classes], not calibrated: interpolation
  ///         to another size comes first
  std::vector<Image> probabilities(const Tensor<float>& images,
                                   const Observer& observer = nullptr) const;
  /// The same of each opinion, one after the other: where they disagree is uncertain.
  std::vector<std::vector<Image>> opinions_of(const Tensor<float>& images,
                                              const Observer& observer = nullptr) const;

 private:
  std::vector<Network<float>*> members_;
  Inference inference_;
};

/// The mean of images of one size.
Image mean_of(const std::vector<Image>& images);

/// How much opinions differ: the standard deviation of their probabilities of a lesion (all classes
/// above 0, not calibrated), doubled so that it is 1 where half of them are sure of one and half of
/// the other. [H, W, 1]
Image disagreement(const std::vector<Image>& opinions);

/// Labels of class probabilities as a predictor gives them: the likeliest class, which no temperature
/// changes, or of two classes what exceeds another threshold than one half once calibrated.
LabelMap to_labels(const Image& probabilities, const Inference& inference = {});

/// The same where the probabilities are at hand calibrated too.
///
/// sure  see calibrated(); only looked at where the threshold is not one half
LabelMap to_labels(const Image& probabilities, const Image& sure, const Inference& inference);

}  // namespace dmf
