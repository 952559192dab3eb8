#include "engine/ops/group_norm.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/group_norm/group_norm.h"

namespace dmf {
namespace {

/// What the result is made of, and all that its gradient needs.
template <class S>
struct Normalisation {
  GroupNormSpec spec;
  Tensor<S> x, gamma, beta;
  Tensor<double> mean, var;

  Tensor<S> apply() const {
    Tensor<S> y = x.like(x.shape());
    Workspace workspace(x.device());
    kernels<GroupNormKernels<S>>(x.device())
        .forward(x.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(), spec.eps,
                 spec.slope, y.view(), workspace);
    return y;
  }
};

template <class S>
struct GroupNormNode final : Node<S> {
  GroupNormNode(typename Node<S>::Slots inputs,
                const std::shared_ptr<const Normalisation<S>>& saved)
      : Node<S>(Op::group_norm, std::move(inputs)), saved_(saved) {}

  void backward(const Tensor<S>& dy) override {
    const auto& [spec, x, gamma, beta, mean, var] = *saved_;
    Tensor<S> dx, dgamma(gamma.shape(), dy.device()), dbeta(gamma.shape(), dy.device());
    if (this->needs_grad(0)) dx = x.like(x.shape());
    Workspace workspace(dy.device());
    kernels<GroupNormKernels<S>>(dy.device())
        .backward(x.cview(), dy.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(),
                  spec.eps, spec.slope, dx.view(), dgamma.view(), dbeta.view(), workspace);
    if (dx.defined()) this->accumulate(0, std::move(dx));
    this->accumulate(1, std::move(dgamma));
    this->accumulate(2, std::move(dbeta));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    if (saved_->spec.slope == 1.0) return;
    const Tensor<S> y = saved_->apply();
    for (const S value : y.span()) branches.push_back(value > S{0});
  }

  std::shared_ptr<const Normalisation<S>> saved_;
};

}  // namespace

template <class S>
Variable<S> group_norm(const Variable<S>& x, const Variable<S>& gamma, const Variable<S>& beta,
                       const GroupNormSpec& spec) {
  DMF_CHECK(x.shape().rank() == 4 && x.value().numel() > 0, ShapeError,
            "[group_norm] x {}: expected [N, H, W, C], none of them 0.", x.shape().str());
  const Shape channels{x.size(3)};
  DMF_CHECK(gamma.shape() == channels && beta.shape() == channels, ShapeError,
            "[group_norm] gamma {}, beta {} for x {}: expected {} each.", gamma.shape().str(),
            beta.shape().str(), x.shape().str(), channels.str());
  DMF_CHECK(spec.groups >= 1 && x.size(3) % spec.groups == 0, ValueError,
            "[group_norm] {} groups for {} channels: expected a number that divides them.",
            spec.groups, x.size(3));
  DMF_CHECK(spec.slope >= 0.0 && spec.slope <= 1.0, ValueError,
            "[group_norm] slope {}: expected 0 to 1.", spec.slope);
  const Shape groups{x.size(0), spec.groups};
  Tensor<double> mean(groups, x.device()), var(groups, x.device());
  {
    Workspace workspace(x.device());
    kernels<GroupNormKernels<S>>(x.device())
        .statistics(x.value().cview(), mean.view(), var.view(), workspace);
  }
  const auto made_of = std::make_shared<const Normalisation<S>>(
      Normalisation<S>{spec, x.value(), gamma.value(), beta.value(), mean, var});
  Variable<S> y = record<GroupNormNode<S>>(made_of->apply(), {x, gamma, beta}, made_of);
  // On a GPU memory is dearer to fill than to hold.
  if (y.requires_grad() && x.device().is_cpu()) {
    y.set_recompute([made_of] { return made_of->apply(); });
  }
  return y;
}

#define DMF_INSTANTIATE(S)                                                                    \
  template Variable<S> group_norm(const Variable<S>&, const Variable<S>&, const Variable<S>&, \
                                  const GroupNormSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
