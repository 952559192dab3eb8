#include "dmf/fused_loss.h"

#include <cmath>

#include "engine/ops/elementwise.h"

namespace dmf {
namespace {

template <class S>
FusionSpec with_names(FusionSpec spec, const std::vector<std::unique_ptr<Loss<S>>>& losses) {
  spec.losses.clear();
  for (const auto& loss : losses) spec.losses.emplace_back(loss->name());
  return spec;
}

}  // namespace

template <class S>
FusedLoss<S>::FusedLoss(std::vector<std::unique_ptr<Loss<S>>> losses,
                        std::unique_ptr<Loss<S>> auxiliary, FusionSpec spec)
    : losses_(std::move(losses)),
      auxiliary_(std::move(auxiliary)),
      fusion_(with_names(std::move(spec), losses_)) {}

template <class S>
typename FusedLoss<S>::Result FusedLoss<S>::combine(Prediction<S>& prediction, bool training) {
  Result result;
  std::vector<Variable<S>> values;
  for (const auto& loss : losses_) {
    values.push_back((*loss)(prediction));
    result.losses.push_back(static_cast<double>(values.back().value().item()));
  }
  Variable<S> auxiliary;
  if (auxiliary_) {
    auxiliary = (*auxiliary_)(prediction);
    result.auxiliary = static_cast<double>(auxiliary.value().item());
    if (training && !std::isfinite(result.auxiliary)) {
      throw_not_finite("auxiliary loss '" + auxiliary_name() + "'", result.auxiliary,
                       fusion_.steps());
    }
  }
  Fusion::Factors factors = training ? fusion_.step(result.losses) : fusion_.current();
  result.total = factors.weights[0] * values[0];
  for (std::size_t k = 1; k < values.size(); ++k) {
    result.total = result.total + factors.weights[k] * values[k];
  }
  if (auxiliary_) {
    result.total = result.total + factors.gamma * auxiliary;
    result.gamma = factors.gamma;
  }
  result.weights = std::move(factors.weights);
  return result;
}

template <class S>
std::vector<double> FusedLoss<S>::gradient_norms(const Prediction<S>& prediction) const {
  std::vector<const Loss<S>*> all;
  for (const auto& loss : losses_) all.push_back(loss.get());
  if (auxiliary_) all.push_back(auxiliary_.get());
  std::vector<double> norms;
  for (const Loss<S>* loss : all) {
    const Variable<S> logits(prediction.logits().value(), true);  // a leaf of its own
    Prediction<S> alone(logits, prediction.target());
    (*loss)(alone).backward();
    double squares = 0.0;
    if (logits.grad().defined()) {
      for (const S g : logits.grad().span())
        squares += static_cast<double>(g) * static_cast<double>(g);
    }
    norms.push_back(std::sqrt(squares));
  }
  return norms;
}

template <class S>
std::vector<std::string> FusedLoss<S>::loss_names() const {
  std::vector<std::string> names;
  for (const auto& loss : losses_) names.emplace_back(loss->name());
  return names;
}

template <class S>
std::string FusedLoss<S>::auxiliary_name() const {
  return auxiliary_ ? std::string(auxiliary_->name()) : "none";
}

template class FusedLoss<float>;
template class FusedLoss<double>;

}  // namespace dmf
