#include "engine/ops/batch_norm2d.h"

#include "engine/core/check.h"
#include "engine/kernels/batch_norm/batch_norm.h"
#include "engine/kernels/dispatch.h"

namespace dmf {
namespace {

template <class S>
struct BatchNorm2dNode final : Node<S> {
  BatchNorm2dNode(typename Node<S>::Slots inputs, const BatchNorm2dSpec& spec, const Tensor<S>& x,
                  const Tensor<S>& y, const Tensor<S>& gamma, const Tensor<double>& mean,
                  const Tensor<double>& var)
      : Node<S>(Op::batch_norm2d, std::move(inputs)),
        spec_(spec),
        x_(x),
        y_(y),
        gamma_(gamma),
        mean_(mean),
        var_(var) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> dx, dgamma(gamma_.shape(), dy.device()), dbeta(gamma_.shape(), dy.device());
    if (this->needs_grad(0)) dx = Tensor<S>(x_.shape(), dy.device());
    Workspace workspace(dy.device());
    DMF_DISPATCH(dy.device(), batch_norm_backward<S>, x_.cview(), y_.cview(), dy.cview(),
                 mean_.cview(), var_.cview(), gamma_.cview(), spec_.eps, spec_.relu, spec_.training,
                 dx.view(), dgamma.view(), dbeta.view(), workspace);
    if (dx.defined()) this->accumulate(0, std::move(dx));
    this->accumulate(1, std::move(dgamma));
    this->accumulate(2, std::move(dbeta));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    if (!y_.defined()) return;
    for (const S y : y_.span()) branches.push_back(y > S{0});
  }

  BatchNorm2dSpec spec_;
  Tensor<S> x_, y_;  // y only for the mask of relu, else not defined
  Tensor<S> gamma_;
  Tensor<double> mean_, var_;
};

/// running = (1 - momentum) * running + momentum * batch * correction
template <class S>
void update_running(const Tensor<S>& running, const Tensor<double>& batch, double momentum,
                    double correction) {
  for (Index c = 0; c < running.numel(); ++c) {
    S& value = running.data()[c];
    value = static_cast<S>((1.0 - momentum) * static_cast<double>(value) +
                           momentum * correction * batch.data()[c]);
  }
}

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
  Workspace workspace(x.device());
  if (spec.training) {
    DMF_DISPATCH(x.device(), batch_norm_statistics<S>, x.value().cview(), mean.view(), var.view(),
                 workspace);
    update_running(running_mean, mean, spec.momentum, 1.0);
    update_running(running_var, var, spec.momentum,
                   static_cast<double>(count) / static_cast<double>(count - 1));
  } else {
    mean = cast<double>(running_mean);
    var = cast<double>(running_var);
  }
  Tensor<S> y(x.shape(), x.device());
  DMF_DISPATCH(x.device(), batch_norm_forward<S>, x.value().cview(), mean.cview(), var.cview(),
               gamma.value().cview(), beta.value().cview(), spec.eps, spec.relu, y.view(),
               workspace);
  const Tensor<S> mask = spec.relu ? y : Tensor<S>();
  return record<BatchNorm2dNode<S>>(std::move(y), {x, gamma, beta}, spec, x.value(), mask,
                                    gamma.value(), mean, var);
}

#define DMF_INSTANTIATE(S)                                                                      \
  template Variable<S> batch_norm2d(const Variable<S>&, const Variable<S>&, const Variable<S>&, \
                                    const Tensor<S>&, const Tensor<S>&, const BatchNorm2dSpec&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
