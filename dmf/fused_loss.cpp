#include "dmf/fused_loss.h"

#include <cmath>

#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"

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
Variable<S> FusedLoss<S>::values(Prediction<S>& prediction) const {
  for (const auto& loss : losses_) loss->announce(prediction);
  if (auxiliary_) auxiliary_->announce(prediction);
  std::vector<Variable<S>> all;
  for (const auto& loss : losses_) all.push_back((*loss)(prediction));
  if (auxiliary_) all.push_back((*auxiliary_)(prediction));
  return concat(all);
}

template <class S>
typename FusedLoss<S>::Weighed FusedLoss<S>::weigh(const Tensor<S>& values, bool training) {
  const Tensor<S> here = values.to(Device::cpu());
  std::vector<double> losses(here.span().begin(), here.span().end());
  Weighed weighed;
  if (auxiliary_) {
    weighed.auxiliary = losses.back();
    losses.pop_back();
    if (training && !std::isfinite(weighed.auxiliary)) {
      throw_not_finite("auxiliary loss '" + auxiliary_name() + "'", weighed.auxiliary,
                       fusion_.steps());
    }
  }
  Fusion::Factors factors = training ? fusion_.step(losses) : fusion_.current();
  if (auxiliary_) weighed.gamma = factors.gamma;
  weighed.losses = std::move(losses);
  weighed.weights = std::move(factors.weights);
  return weighed;
}

template <class S>
std::vector<S> FusedLoss<S>::Weighed::factors(bool with_auxiliary) const {
  std::vector<S> all;
  for (const double w : weights) all.push_back(static_cast<S>(w));
  if (with_auxiliary) all.push_back(static_cast<S>(gamma));
  return all;
}

template <class S>
typename FusedLoss<S>::Result FusedLoss<S>::combine(Prediction<S>& prediction, bool training) {
  const Variable<S> raw = values(prediction);
  Result result{weigh(raw.value(), training), {}};
  const std::vector<S> factors = result.factors(auxiliary_ != nullptr);
  result.total = sum(raw * Variable<S>(Tensor<S>::from(factors, raw.shape(), raw.device())));
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
      const Tensor<S> gradient = logits.grad().to(Device::cpu());
      for (const S g : gradient.span()) squares += static_cast<double>(g) * static_cast<double>(g);
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
