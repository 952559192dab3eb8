#include "engine/ops/pixel_sums.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"

namespace dmf {
namespace {

template <class S>
struct PixelSumsNode final : Node<S> {
  PixelSumsNode(typename Node<S>::Slots inputs, const PixelSumsSpec& spec, Storage stored,
                const Tensor<S>& log_probs, const Tensor<std::int32_t>& labels,
                const Tensor<double>& factors, const Tensor<double>& pixels)
      : Node<S>(Op::pixel_sums, std::move(inputs)),
        spec_(spec),
        stored_(stored),
        log_probs_(log_probs),
        labels_(labels),
        factors_(factors),
        pixels_(pixels) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dlogits(log_probs_.shape(), dy.device(), stored_);
    kernels<PixelSumsKernels<S>>(dy.device())
        .backward(spec_, log_probs_.cview(), labels_.cview(), factors_.cview(), pixels_.cview(),
                  dy.cview(), dlogits.view());
    this->accumulate(0, std::move(dlogits));
  }

  PixelSumsSpec spec_;
  Storage stored_;  // of the logits, so of their gradient
  Tensor<S> log_probs_;
  Tensor<std::int32_t> labels_;
  Tensor<double> factors_, pixels_;
};

}  // namespace

template <class S>
PixelSums<S> pixel_sums(const Variable<S>& logits, const Labels& labels,
                        const PixelSumsRequest& request) {
  DMF_CHECK(logits.shape().rank() == 4 && labels.shape() == Shape(logits.shape().dims().first(3)),
            ShapeError,
            "[pixel_sums] logits {} and labels {}: expected [N, H, W, C] and [N, H, W].",
            logits.shape().str(), labels.shape().str());
  const Index C = logits.size(3);
  DMF_CHECK(C == labels.classes(), ShapeError,
            "[pixel_sums] logits of {} classes, labels of {}: expected as many.", C,
            labels.classes());
  const auto terms = static_cast<Index>(request.terms.size());
  DMF_CHECK(request.counts || terms > 0, ValueError,
            "[pixel_sums] neither counts nor cross-entropies: expected something to add up.");
  const PixelSumsSpec spec{{labels.ignore_index(), request.per_image}, request.counts, terms};
  std::vector<double> values;
  for (const NllTerm& term : request.terms) {
    DMF_CHECK(static_cast<Index>(term.scale.size()) == C &&
                  static_cast<Index>(term.normalizer.size()) == C,
              ShapeError, "[pixel_sums] {} factors and {} weights for {} classes.",
              term.scale.size(), term.normalizer.size(), C);
    DMF_CHECK(term.gamma >= 0.0, ValueError, "[pixel_sums] gamma {}: expected >= 0.", term.gamma);
    values.push_back(term.gamma);
    values.insert(values.end(), term.scale.begin(), term.scale.end());
    values.insert(values.end(), term.normalizer.begin(), term.normalizer.end());
  }
  const Device device = logits.device();
  const Index G = spec.groups.count(labels.shape()), R = spec.of_group(C);
  const auto factors = Tensor<double>::from(values, Shape{terms, TermFactors::size(C)}, device);
  const Tensor<S> log_probs(logits.shape(), device);
  PixelSums<S> sums;
  sums.layout = spec;
  sums.pixels = Tensor<double>(Shape{G, C}, device);
  if (request.gram) sums.gram = Tensor<double>(Shape{G, R, R}, device);
  Tensor<S> row(Shape{G * R}, device);
  Workspace workspace(device);
  kernels<PixelSumsKernels<S>>(device).forward(
      spec, logits.value().cview(), labels.tensor().cview(), factors.cview(), log_probs.view(),
      row.view(), sums.pixels.view(), sums.gram.view(), workspace);
  sums.row = record<PixelSumsNode<S>>(std::move(row), {logits}, spec, logits.value().storage(),
                                      log_probs, labels.tensor(), factors, sums.pixels);
  return sums;
}

template <class S>
Tensor<S> class_shares(ClassSharing sharing, const Tensor<double>& pixels,
                       const std::vector<double>& factors) {
  DMF_CHECK(pixels.shape().rank() == 2 && pixels.size(1) == static_cast<Index>(factors.size()),
            ShapeError, "[class_shares] pixels {} and {} factors: expected [G, C] and C.",
            pixels.shape().str(), factors.size());
  const auto each = Tensor<double>::from(factors, Shape{pixels.size(1)}, pixels.device());
  Tensor<S> shares(pixels.shape(), pixels.device());
  Workspace workspace(pixels.device());
  kernels<PixelSumsKernels<S>>(pixels.device())
      .class_shares(sharing, pixels.cview(), each.cview(), shares.view(), workspace);
  return shares;
}

#define DMF_INSTANTIATE(S)                                                                      \
  template PixelSums<S> pixel_sums(const Variable<S>&, const Labels&, const PixelSumsRequest&); \
  template Tensor<S> class_shares(ClassSharing, const Tensor<double>&, const std::vector<double>&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
