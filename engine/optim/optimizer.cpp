#include "engine/optim/optimizer.h"

#include <cmath>

#include "engine/core/check.h"
#include "engine/kernels/dispatch.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/kernels/reduce/reduce.h"

namespace dmf {

template <class S>
Optimizer<S>::Optimizer(std::vector<NamedParameter<S>> parameters)
    : parameters_(std::move(parameters)) {}

template <class S>
void Optimizer<S>::step(double lr) {
  ++state_.steps;
  for (const NamedParameter<S>& parameter : parameters_) {
    if (parameter.variable.grad().defined()) update(parameter, lr);
  }
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

template <class S>
double clip_grad_norm(const std::vector<NamedParameter<S>>& parameters, double max_norm) {
  double squares = 0.0;
  for (const NamedParameter<S>& parameter : parameters) {
    const Tensor<S>& grad = parameter.variable.grad();
    if (!grad.defined()) continue;
    Workspace workspace(grad.device());
    squares += DMF_DISPATCH(grad.device(), sum_of_squares<S>, grad.cview(), workspace);
  }
  const double norm = std::sqrt(squares);
  if (norm > max_norm) {
    for (const NamedParameter<S>& parameter : parameters) {
      const Tensor<S>& grad = parameter.variable.grad();
      if (grad.defined()) DMF_DISPATCH(grad.device(), scale<S>, max_norm / norm, grad.view());
    }
  }
  return norm;
}

template class Optimizer<float>;
template class Optimizer<double>;
template double clip_grad_norm(const std::vector<NamedParameter<float>>&, double);
template double clip_grad_norm(const std::vector<NamedParameter<double>>&, double);

}  // namespace dmf
