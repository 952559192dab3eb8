#include "engine/ops/pixel_nll.h"

#include "engine/core/check.h"
#include "engine/core/device_runtime.h"
#include "engine/kernels/dispatch.h"

namespace dmf {
namespace {

template <class S>
struct PixelNllNode final : Node<S> {
  PixelNllNode(typename Node<S>::Slots inputs, const PixelNllSpec& spec, const Tensor<S>& log_probs,
               const Tensor<std::int32_t>& target, const Tensor<double>& scale,
               const Tensor<double>& normalizer)
      : Node<S>(Op::pixel_nll, std::move(inputs)),
        spec_(spec),
        log_probs_(log_probs),
        target_(target),
        scale_(scale),
        normalizer_(normalizer) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dlog_probs(log_probs_.shape(), dy.device());
    Workspace workspace(dy.device());
    DMF_DISPATCH(dy.device(), pixel_nll_backward<S>, spec_, log_probs_.cview(), target_.cview(),
                 scale_.cview(), normalizer_.cview(), dy.cview(), dlog_probs.view(), workspace);
    this->accumulate(0, std::move(dlog_probs));
  }

  PixelNllSpec spec_;
  Tensor<S> log_probs_;
  Tensor<std::int32_t> target_;
  Tensor<double> scale_, normalizer_;
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
Variable<S> pixel_nll(const Variable<S>& log_probs, const Tensor<std::int32_t>& target,
                      const std::vector<double>& scale, const std::vector<double>& normalizer,
                      const PixelNllSpec& spec) {
  check_target("pixel_nll", log_probs.shape(), target, spec.ignore_index);
  const Index C = log_probs.size(3);
  DMF_CHECK(static_cast<Index>(scale.size()) == C && static_cast<Index>(normalizer.size()) == C,
            ShapeError, "[pixel_nll] {} factors and {} weights for {} classes.", scale.size(),
            normalizer.size(), C);
  DMF_CHECK(spec.gamma >= 0.0, ValueError, "[pixel_nll] gamma {}: expected >= 0.", spec.gamma);
  const auto scales = Tensor<double>::from(scale, Shape{C}, log_probs.device());
  const auto weights = Tensor<double>::from(normalizer, Shape{C}, log_probs.device());
  Tensor<S> loss(Shape{spec.per_image ? target.size(0) : 1}, log_probs.device());
  Workspace workspace(log_probs.device());
  DMF_DISPATCH(log_probs.device(), pixel_nll_forward<S>, spec, log_probs.value().cview(),
               target.cview(), scales.cview(), weights.cview(), loss.view(), workspace);
  return record<PixelNllNode<S>>(std::move(loss), {log_probs}, spec, log_probs.value(), target,
                                 scales, weights);
}

#define DMF_INSTANTIATE(S)                                                               \
  template Variable<S> pixel_nll(const Variable<S>&, const Tensor<std::int32_t>&,        \
                                 const std::vector<double>&, const std::vector<double>&, \
                                 const PixelNllSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
