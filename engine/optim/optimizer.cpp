#include "engine/optim/optimizer.h"

#include <array>
#include <cmath>

#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/optimizer/optimizer.h"

namespace dmf {

template <class S>
Optimizer<S>::Optimizer(std::vector<NamedParameter<S>> parameters)
    : parameters_(std::move(parameters)) {
  const Device device = parameters_.empty() ? Device::cpu() : parameters_.front().variable.device();
  schedule_ = Tensor<double>(Shape{2}, device);
  norm_ = Tensor<double>(Shape{2}, device);
}

template <class S>
bool Optimizer<S>::step(double lr, double max_norm) {
  begin_step(lr);
  update(max_norm);
  return end_step();
}

template <class S>
void Optimizer<S>::begin_step(double lr) {
  ++state_.steps;
  const std::array values{lr, static_cast<double>(state_.steps)};
  schedule_.copy_from(Tensor<double>::from(values, Shape{2}));
}

template <class S>
void Optimizer<S>::update(double max_norm) {
  std::vector<const NamedParameter<S>*> updated;
  std::vector<ConstView<S>> gradients;
  for (const NamedParameter<S>& parameter : parameters_) {
    if (!parameter.variable.grad().defined()) continue;
    updated.push_back(&parameter);
    gradients.push_back(parameter.variable.grad().cview());
  }
  Workspace workspace(norm_.device());
  kernels<OptimizerKernels<S>>(norm_.device())
      .gradient_norm(gradients, max_norm, norm_.view(), workspace);
  apply(updated, workspace);
}

template <class S>
bool Optimizer<S>::end_step() {
  gradient_norm_ = norm_.to(Device::cpu()).data()[0];
  if (std::isfinite(gradient_norm_)) return true;
  --state_.steps;
  return false;
}

template <class S>
void Optimizer<S>::zero_grad() const {
  for (const NamedParameter<S>& parameter : parameters_) parameter.variable.zero_grad();
}

template <class S>
void Optimizer<S>::load_state(const OptimizerState<S>& state) {
  for (const auto& [name, tensor] : state_.moments) {
    const auto it = state.moments.find(name);
    DMF_CHECK(it != state.moments.end(), ShapeError, "[optimizer] the saved state has no {}.",
              name);
    DMF_CHECK(it->second.shape() == tensor.shape(), ShapeError,
              "[optimizer] saved {} is {}: expected {}.", name, it->second.shape().str(),
              tensor.shape().str());
  }
  for (auto& [name, tensor] : state_.moments) tensor.copy_from(state.moments.at(name));
  state_.steps = state.steps;
}

template <class S>
void Optimizer<S>::add_moment(const std::string& suffix) {
  for (const NamedParameter<S>& parameter : parameters_) {
    state_.moments.emplace(parameter.name + suffix, Tensor<S>::zeros(parameter.variable.shape(),
                                                                     parameter.variable.device()));
  }
}

template <class S>
const Tensor<S>& Optimizer<S>::moment(const NamedParameter<S>& parameter,
                                      const std::string& suffix) const {
  return state_.moments.at(parameter.name + suffix);
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace dmf
