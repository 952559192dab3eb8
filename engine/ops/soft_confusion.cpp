#include "engine/ops/soft_confusion.h"

#include "engine/kernels/dispatch.h"
#include "engine/ops/pixel_nll.h"

namespace dmf {
namespace {

template <class S>
struct SoftConfusionNode final : Node<S> {
  SoftConfusionNode(typename Node<S>::Slots inputs, const SoftConfusionSpec& spec,
                    const Tensor<S>& log_probs, const Tensor<std::int32_t>& target)
      : Node<S>(Op::soft_confusion, std::move(inputs)),
        spec_(spec),
        log_probs_(log_probs),
        target_(target) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dlog_probs(log_probs_.shape(), dy.device());
    DMF_DISPATCH(dy.device(), soft_confusion_backward<S>, spec_, log_probs_.cview(),
                 target_.cview(), dy.cview(), dlog_probs.view());
    this->accumulate(0, std::move(dlog_probs));
  }

  SoftConfusionSpec spec_;
  Tensor<S> log_probs_;
  Tensor<std::int32_t> target_;
};

}  // namespace

template <class S>
Variable<S> soft_confusion(const Variable<S>& log_probs, const Tensor<std::int32_t>& target,
                           const SoftConfusionSpec& spec) {
  check_target("soft_confusion", log_probs.shape(), target, spec.ignore_index);
  Tensor<S> counts(Shape{3, spec.per_image ? target.size(0) : 1, log_probs.size(3)},
                   log_probs.device());
  Workspace workspace(log_probs.device());
  DMF_DISPATCH(log_probs.device(), soft_confusion_forward<S>, spec, log_probs.value().cview(),
               target.cview(), counts.view(), workspace);
  return record<SoftConfusionNode<S>>(std::move(counts), {log_probs}, spec, log_probs.value(),
                                      target);
}

#define DMF_INSTANTIATE(S)                                                             \
  template Variable<S> soft_confusion(const Variable<S>&, const Tensor<std::int32_t>&, \
                                      const SoftConfusionSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
