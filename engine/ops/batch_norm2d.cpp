#include "engine/ops/batch_norm2d.h"

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

/// What the result is made of, and all that its gradient needs.
template <class S>
struct Normalisation {
  BatchNorm2dSpec spec;
  Tensor<S> x, gamma, beta;
  Tensor<double> mean, var;  // the batch's, or the running ones

  Tensor<S> apply() const {
    Tensor<S> y = x.like(x.shape());
    Workspace workspace(x.device());
    kernels<BatchNormKernels<S>>(x.device())
        .forward(x.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(), spec.eps,
                 spec.relu, y.view(), workspace);
    return y;
  }
};

template <class S>
struct BatchNorm2dNode final : Node<S> {
  BatchNorm2dNode(typename Node<S>::Slots inputs,
                  const std::shared_ptr<const Normalisation<S>>& saved)
      : Node<S>(Op::batch_norm2d, std::move(inputs)), saved_(saved) {}

  void backward(const Tensor<S>& dy) override {
    const auto& [spec, x, gamma, beta, mean, var] = *saved_;
    Tensor<S> dx, dgamma(gamma.shape(), dy.device()), dbeta(gamma.shape(), dy.device());
    if (this->needs_grad(0)) dx = x.like(x.shape());
    Workspace workspace(dy.device());
    kernels<BatchNormKernels<S>>(dy.device())
        .backward(x.cview(), dy.cview(), mean.cview(), var.cview(), gamma.cview(), beta.cview(),
                  spec.eps, spec.relu, spec.training, dx.view(), dgamma.view(), dbeta.view(),
                  workspace);
    if (dx.defined()) this->accumulate(0, std::move(dx));
    this->accumulate(1, std::move(dgamma));
    this->accumulate(2, std::move(dbeta));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    if (!saved_->spec.relu) return;
    const Tensor<S> y = saved_->apply();
    for (const S value : y.span()) branches.push_back(value > S{0});
  }

  std::shared_ptr<const Normalisation<S>> saved_;
};

}  // namespace

template <class S>
Variable<S> batch_norm2d(const Variable<S>& x, const Variable<S>& gamma, const Variable<S>& beta,
                         const Tensor<S>& running_mean, const Tensor<S>& running_var,
                         const BatchNorm2dSpec& spec) {
  DMF_CHECK(x.shape().rank() == 4, ShapeError, "[batch_norm2d] x {}: expected [N, H, W, C].",
            x.shape().str());
  const Shape channels{x.size(3)};
  DMF_CHECK(gamma.shape() == channels && beta.shape() == channels &&
                running_mean.shape() == channels && running_var.shape() == channels,
            ShapeError,
            "[batch_norm2d] gamma {}, beta {}, running_mean {}, running_var {} for x {}: expected "
            "{} each.",
            gamma.shape().str(), beta.shape().str(), running_mean.shape().str(),
            running_var.shape().str(), x.shape().str(), channels.str());
  const Index count = x.shape().numel() / x.size(3);
  DMF_CHECK(!spec.training || count > 1, ValueError,
            "[batch_norm2d] x {} has one value a channel: training needs N*H*W of at least 2. Use "
            "a larger batch or image.",
            x.shape().str());
  Tensor<double> mean(channels, x.device()), var(channels, x.device());
  if (spec.training) {
    Workspace workspace(x.device());
    kernels<BatchNormKernels<S>>(x.device())
        .statistics(x.value().cview(), mean.view(), var.view(), workspace);
    const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
    kernels<BatchNormKernels<S>>(x.device())
        .update_running(spec.momentum, unbiased, mean.cview(), var.cview(), running_mean.view(),
                        running_var.view());
  } else {
    kernels<ElementwiseKernels<S>>(x.device()).convert(running_mean.cview(), mean.view());
    kernels<ElementwiseKernels<S>>(x.device()).convert(running_var.cview(), var.view());
  }
  const auto made_of = std::make_shared<const Normalisation<S>>(
      Normalisation<S>{spec, x.value(), gamma.value(), beta.value(), mean, var});
  Variable<S> y = record<BatchNorm2dNode<S>>(made_of->apply(), {x, gamma, beta}, made_of);
  // On a GPU memory is dearer to fill than to hold.
  if (y.requires_grad() && x.device().is_cpu()) {
    y.set_recompute([made_of] { return made_of->apply(); });
  }
  return y;
}

template <class S>
ChannelAffine<S> fold_batch_norm2d(const Tensor<S>& bias, const Tensor<S>& gamma,
                                   const Tensor<S>& beta, const Tensor<S>& running_mean,
                                   const Tensor<S>& running_var, const BatchNorm2dSpec& spec) {
  const Shape& channels = bias.shape();
  DMF_CHECK(channels.rank() == 1 && gamma.shape() == channels && beta.shape() == channels &&
                running_mean.shape() == channels && running_var.shape() == channels,
            ShapeError,
            "[fold_batch_norm2d] bias {}, gamma {}, beta {}, running_mean {}, running_var {}: "
            "expected [C] each.",
            channels.str(), gamma.shape().str(), beta.shape().str(), running_mean.shape().str(),
            running_var.shape().str());
  ChannelAffine<S> affine{bias.like(channels), bias.like(channels), spec.relu};
  kernels<BatchNormKernels<S>>(bias.device())
      .fold(bias.cview(), gamma.cview(), beta.cview(), running_mean.cview(), running_var.cview(),
            spec.eps, affine.scale.view(), affine.shift.view());
  return affine;
}

#define DMF_INSTANTIATE(S)                                                                       \
  template Variable<S> batch_norm2d(const Variable<S>&, const Variable<S>&, const Variable<S>&,  \
                                    const Tensor<S>&, const Tensor<S>&, const BatchNorm2dSpec&); \
  template ChannelAffine<S> fold_batch_norm2d(const Tensor<S>&, const Tensor<S>&,                \
                                              const Tensor<S>&, const Tensor<S>&,                \
                                              const Tensor<S>&, const BatchNorm2dSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
