#include "engine/ops/pixel_terms.h"

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/kernels/dispatch.h"

namespace dmf {
namespace {

template <class S>
struct PixelTermsNode final : Node<S> {
  PixelTermsNode(typename Node<S>::Slots inputs, const PixelTermsSpec& spec, Storage stored,
                 const Tensor<S>& log_probs, const Tensor<std::int32_t>& target,
                 const Tensor<double>& factors, const Tensor<double>& totals)
      : Node<S>(Op::pixel_terms, std::move(inputs)),
        spec_(spec),
        stored_(stored),
        log_probs_(log_probs),
        target_(target),
        factors_(factors),
        totals_(totals) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dlogits(log_probs_.shape(), dy.device(), stored_);
    Workspace workspace(dy.device());
    DMF_DISPATCH(dy.device(), pixel_terms_backward<S>, spec_, log_probs_.cview(), target_.cview(),
                 factors_.cview(), totals_.cview(), dy.cview(), dlogits.view(), workspace);
    this->accumulate(0, std::move(dlogits));
  }

  PixelTermsSpec spec_;
  Storage stored_;  // of the logits, so of their gradient
  Tensor<S> log_probs_;
  Tensor<std::int32_t> target_;
  Tensor<double> factors_, totals_;
};

}  // namespace

void check_target(std::string_view op, const Shape& scores, const Tensor<std::int32_t>& target,
                  std::int32_t ignore_index) {
  DMF_CHECK(scores.rank() == 4 && target.shape() == Shape(scores.dims().first(3)), ShapeError,
            "[{}] scores {} and target {}: expected [N, H, W, C] and [N, H, W].", op, scores.str(),
            target.shape().str());
  const Index C = scores[3];
  if (device_runtime::is_recording(target.device())) return;  // whoever records has checked
  const Tensor<std::int32_t> here = target.to(Device::cpu());
  for (Index i = 0; i < here.numel(); ++i) {
    const std::int32_t label = here.data()[i];
    DMF_CHECK((label >= 0 && label < C) || label == ignore_index, ValueError,
              "[{}] label {} at pixel {}: expected 0 to {}{}.", op, label, i, C - 1,
              ignore_index == kNoIgnore ? "" : fmt::format(", or {} to ignore it", ignore_index));
  }
}

template <class S>
Variable<S> pixel_terms(const Variable<S>& logits, const Tensor<std::int32_t>& target,
                        const PixelTerms& terms) {
  check_target("pixel_terms", logits.shape(), target, terms.ignore_index);
  const Index C = logits.size(3), G = terms.per_image ? target.size(0) : 1;
  const auto nll = static_cast<Index>(terms.nll.size());
  DMF_CHECK((terms.counts || nll > 0) && nll <= PixelTermsSpec::kMostNll, ValueError,
            "[pixel_terms] {} cross-entropies {} counts: expected something, and at most {}.", nll,
            terms.counts ? "with" : "without", PixelTermsSpec::kMostNll);
  PixelTermsSpec spec;
  spec.ignore_index = terms.ignore_index;
  spec.per_image = terms.per_image;
  spec.counts = terms.counts;
  std::vector<double> values;
  for (const NllTerm& term : terms.nll) {
    DMF_CHECK(static_cast<Index>(term.scale.size()) == C &&
                  static_cast<Index>(term.normalizer.size()) == C,
              ShapeError, "[pixel_terms] {} factors and {} weights for {} classes.",
              term.scale.size(), term.normalizer.size(), C);
    DMF_CHECK(term.gamma >= 0.0, ValueError, "[pixel_terms] gamma {}: expected >= 0.", term.gamma);
    spec.gamma[spec.nll++] = term.gamma;
    values.insert(values.end(), term.scale.begin(), term.scale.end());
    values.insert(values.end(), term.normalizer.begin(), term.normalizer.end());
  }
  const Device device = logits.device();
  const auto factors = Tensor<double>::from(values, Shape{nll, 2, C}, device);
  const Tensor<double> totals(Shape{nll, G}, device);
  const Tensor<S> log_probs(logits.shape(), device);
  Tensor<S> y(Shape{(terms.counts ? 3 * G * C : 0) + nll * G}, device);
  Workspace workspace(device);
  DMF_DISPATCH(device, pixel_terms_forward<S>, spec, logits.value().cview(), target.cview(),
               factors.cview(), log_probs.view(), y.view(), totals.view(), workspace);
  return record<PixelTermsNode<S>>(std::move(y), {logits}, spec, logits.value().storage(),
                                   log_probs, target, factors, totals);
}

#define DMF_INSTANTIATE(S)                                                          \
  template Variable<S> pixel_terms(const Variable<S>&, const Tensor<std::int32_t>&, \
                                   const PixelTerms&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
