#include "apps/evaluation/predictor.h"

#include <algorithm>
#include <cmath>

#include "apps/evaluation/calibration.h"
#include "apps/image/parts.h"
#include "apps/image/resize.h"
#include "engine/core/check.h"
#include "engine/ops/softmax.h"

namespace dmf {
namespace {

/// Class probabilities, an image of C channels for each of the batch.
std::vector<Image> to_probabilities(const Variable<float>& logits) {
  const Tensor<float> probabilities = softmax(logits).value().to(Device::cpu());
  const auto H = static_cast<int>(probabilities.size(1)),
             W = static_cast<int>(probabilities.size(2));
  const auto C = static_cast<int>(probabilities.size(3));
  const Index each = probabilities.numel() / probabilities.size(0);
  std::vector<Image> result;
  for (Index n = 0; n < probabilities.size(0); ++n) {
    const float* from = probabilities.data() + n * each;
    std::copy_n(from, each, result.emplace_back(H, W, C).pixels.begin());
  }
  return result;
}

/// Left to right, of rows of W pixels of C numbers each.
void mirror(std::span<float> pixels, Index W, Index C) {
  const auto row = static_cast<std::size_t>(W * C);
  for (std::size_t first = 0; first < pixels.size(); first += row) {
    for (Index left = 0, right = W - 1; left < right; ++left, --right) {
      float* a = pixels.data() + first + static_cast<std::size_t>(left * C);
      std::swap_ranges(a, a + C, pixels.data() + first + static_cast<std::size_t>(right * C));
    }
  }
}

/// All images of a batch at so many times their size. What pads them grows alike.
Tensor<float> scaled(const Tensor<float>& images, double scale) {
  const auto side = [&](int axis) {
    const double length = static_cast<double>(images.size(axis)) * scale;
    return std::max(1, static_cast<int>(std::lround(length)));
  };
  const int H = side(1), W = side(2), C = static_cast<int>(images.size(3));
  Image from(static_cast<int>(images.size(1)), static_cast<int>(images.size(2)), C);
  Tensor<float> result(Shape{images.size(0), H, W, C});
  const Index each = result.numel() / result.size(0);
  for (Index n = 0; n < images.size(0); ++n) {
    std::copy_n(images.data() + n * std::ssize(from.pixels), from.pixels.size(),
                from.pixels.begin());
    std::ranges::copy(resize(from, H, W, Interpolation::linear).pixels, result.data() + n * each);
  }
  return result;
}

/// A batch looked at in another way.
struct Look {
  Tensor<float> images;
  bool mirrored;

  static std::vector<Look> all(const Tensor<float>& images, const Inference& inference) {
    std::vector<Look> looks = {{images, false}};
    if (inference.scale != 1.0) looks.push_back({scaled(images, inference.scale), false});
    if (!inference.mirror) return looks;
    for (std::size_t k = 0, as_they_are = looks.size(); k < as_they_are; ++k) {
      Tensor<float> turned = looks[k].images.clone();
      mirror(turned.span(), turned.size(2), turned.size(3));
      looks.push_back({std::move(turned), true});
    }
    return looks;
  }

  /// Probabilities of the look as those of the images themselves.
  Image put_back(Image seen, const Image& size) const {
    if (mirrored) mirror(seen.pixels, seen.width, seen.channels);
    if (seen.height == size.height && seen.width == size.width) return seen;
    return resize(seen, size.height, size.width, Interpolation::linear);
  }
};

/// all  of each opinion every image of a batch
std::vector<Image> means_of(std::vector<std::vector<Image>> all) {
  if (all.size() == 1) return std::move(all.front());
  std::vector<Image> means;
  for (std::size_t n = 0; n < all.front().size(); ++n) {
    std::vector<Image> of_image;
    for (std::vector<Image>& one : all) of_image.push_back(std::move(one[n]));
    means.push_back(mean_of(of_image));
  }
  return means;
}

LabelMap likeliest(const Image& probabilities) {
  LabelMap labels(probabilities.height, probabilities.width);
  const auto C = static_cast<std::size_t>(probabilities.channels);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    const float* p = probabilities.pixels.data() + i * C;
    labels.labels[i] = static_cast<std::int32_t>(std::max_element(p, p + C) - p);
  }
  return labels;
}

LabelMap above(const Image& probabilities, double threshold) {
  LabelMap labels(probabilities.height, probabilities.width);
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    labels.labels[i] = static_cast<double>(probabilities.pixels[2 * i + 1]) > threshold ? 1 : 0;
  }
  return labels;
}

}  // namespace

Variable<float> evaluation_logits(Network<float>& network, const Tensor<float>& images) {
  const bool was_training = network.training();
  network.train(false);
  const NoGrad no_grad;
  Variable<float> logits = network.logits(images.to(network.device()));
  network.train(was_training);
  return logits;
}

Predictor::Predictor(std::vector<Network<float>*> members, const Inference& inference)
    : members_(std::move(members)), inference_(inference) {
  DMF_CHECK(!members_.empty(), ValueError, "[predict] no network: expected at least one.");
  for (const Network<float>* member : members_) {
    DMF_CHECK(member->spec().classes == members_.front()->spec().classes &&
                  member->spec().in_channels == members_.front()->spec().in_channels,
              ValueError,
              "[predict] a network of {} classes and {} channels beside one of {} and {}: expected "
              "as many.",
              member->spec().classes, member->spec().in_channels, members_.front()->spec().classes,
              members_.front()->spec().in_channels);
  }
}

int Predictor::classes() const {
  return static_cast<int>(members_.front()->spec().classes);
}

std::size_t Predictor::opinions() const {
  if (members_.size() > 1) return members_.size();
  return (inference_.mirror ? 2u : 1u) * (inference_.scale != 1.0 ? 2u : 1u);
}

std::vector<std::vector<Image>> Predictor::opinions_of(const Tensor<float>& images,
                                                       const Observer& observer) const {
  const std::vector<Look> looks = Look::all(images, inference_);
  std::vector<std::vector<Image>> all;
  for (Network<float>* member : members_) {
    std::vector<std::vector<Image>> seen;
    for (const Look& look : looks) {
      const Variable<float> logits = evaluation_logits(*member, look.images);
      if (observer && all.empty() && seen.empty()) observer(logits);
      seen.push_back(to_probabilities(logits));
      const std::vector<Image>& own = seen.front();
      if (seen.size() == 1) continue;
      for (std::size_t n = 0; n < own.size(); ++n) {
        seen.back()[n] = look.put_back(std::move(seen.back()[n]), own[n]);
      }
    }
    if (members_.size() == 1) return seen;
    all.push_back(means_of(std::move(seen)));
  }
  return all;
}

std::vector<Image> Predictor::probabilities(const Tensor<float>& images,
                                            const Observer& observer) const {
  return means_of(opinions_of(images, observer));
}

Image mean_of(const std::vector<Image>& images) {
  Image mean = images.front();
  for (std::size_t i = 0; i < mean.pixels.size(); ++i) {
    double sum = 0.0;
    for (const Image& image : images) sum += static_cast<double>(image.pixels[i]);
    mean.pixels[i] = static_cast<float>(sum / static_cast<double>(images.size()));
  }
  return mean;
}

Image disagreement(const std::vector<Image>& opinions) {
  const Image& first = opinions.front();
  Image spread(first.height, first.width, 1);
  const auto C = static_cast<std::size_t>(first.channels);
  const auto count = static_cast<double>(opinions.size());
  for (std::size_t i = 0; i < spread.pixels.size(); ++i) {
    double sum = 0.0, squares = 0.0;
    for (const Image& opinion : opinions) {
      const double lesion = 1.0 - static_cast<double>(opinion.pixels[i * C]);
      sum += lesion;
      squares += lesion * lesion;
    }
    const double mean = sum / count;
    spread.pixels[i] =
        static_cast<float>(2.0 * std::sqrt(std::max(0.0, squares / count - mean * mean)));
  }
  return spread;
}

LabelMap to_labels(const Image& probabilities, const Inference& inference) {
  if (inference.threshold == 0.5) return to_labels(probabilities, probabilities, inference);
  return to_labels(probabilities, calibrated(probabilities, inference.temperature), inference);
}

LabelMap to_labels(const Image& probabilities, const Image& sure, const Inference& inference) {
  // The likeliest of two classes is also what exceeds one half, but for a tie and for rounding.
  LabelMap labels = probabilities.channels == 2 && inference.threshold != 0.5
                        ? above(sure, inference.threshold)
                        : likeliest(probabilities);
  if (inference.fill_holes) labels = without_holes(labels);
  if (inference.largest_component) labels = largest_parts(labels);
  return labels;
}

}  // namespace dmf
