#include "layers/batch_norm2d.h"

#include "engine/core/check.h"

namespace dmf {

template <class S>
BatchNorm2d<S>::BatchNorm2d(std::string name, Index channels, const BatchNorm2dSpec& spec,
                            Device device)
    : Module<S>(device), name_(std::move(name)), spec_(spec) {
  gamma_ = this->add_parameter("gamma", Tensor<S>::full(Shape{channels}, S{1}));
  beta_ = this->add_parameter("beta", Tensor<S>::zeros(Shape{channels}));
  running_mean_ = this->add_buffer("running_mean", Tensor<S>::zeros(Shape{channels}));
  running_var_ = this->add_buffer("running_var", Tensor<S>::full(Shape{channels}, S{1}));
}

template <class S>
Variable<S> BatchNorm2d<S>::forward(const Variable<S>& x) {
  BatchNorm2dSpec spec = spec_;
  spec.training = this->training();
  DMF_CHECK(!spec.training || x.value().numel() > x.size(3), ValueError,
            "[{}] cannot normalise over one value a channel (x {}): use a larger batch or image, "
            "or less depth.",
            name_, x.shape().str());
  return batch_norm2d(x, gamma_, beta_, running_mean_, running_var_, spec);
}

template <class S>
ChannelAffine<S> BatchNorm2d<S>::affine(const Tensor<S>& bias) const {
  return fold_batch_norm2d(bias, gamma_.value(), beta_.value(), running_mean_, running_var_, spec_);
}

template class BatchNorm2d<float>;
template class BatchNorm2d<double>;

}  // namespace dmf
