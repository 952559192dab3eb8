#include "apps/oracle/fusion_cases.h"

#include <algorithm>

#include "apps/oracle/loss_settings.h"

namespace dmf {
namespace {

FusionSpec memory_of(const ReferenceCase& c) {
  FusionSpec spec;
  spec.weighting = c.text("strategy");
  spec.history_size = static_cast<std::size_t>(c.integer("history_size", 1));
  spec.history_size_max = static_cast<std::size_t>(c.integer("history_size_max", 1));
  return spec;
}

AuxiliarySchedule schedule_of(const ReferenceCase& c) {
  return {c.number("gamma0"), c.number("lambda"), c.integer("batch_track_steps")};
}

/// The weights that a rule gives from step to step.
Safetensors trajectory(const ReferenceCase& c, FusionSpec spec) {
  const auto losses = c.tensor<double>("losses", 2);
  const Index L = losses.size(0), T = losses.size(1);
  spec.losses.assign(static_cast<std::size_t>(L), "loss");
  Fusion fusion(spec);
  Tensor<double> weights(Shape{T, L});
  for (Index t = 0; t < T; ++t) {
    std::vector<double> values;
    for (Index l = 0; l < L; ++l) values.push_back(losses.data()[l * T + t]);
    const Fusion::Factors factors = fusion.step(values);
    std::copy(factors.weights.begin(), factors.weights.end(), weights.data() + t * L);
  }
  Safetensors results;
  results.set("weights", weights);
  return results;
}

Safetensors dmf_weights_case(const ReferenceCase& c) {
  return trajectory(c, memory_of(c));
}

Safetensors softadapt_case(const ReferenceCase& c) {
  FusionSpec spec;
  spec.weighting = "softadapt";
  spec.rule.set("softadapt-variant", c.text("variant"));
  spec.rule.set("softadapt-beta", c.number("beta"));
  spec.rule.set("softadapt-order", std::int64_t{c.integer("order")});
  return trajectory(c, spec);
}

Safetensors cov_weighting_case(const ReferenceCase& c) {
  FusionSpec spec;
  spec.weighting = "cov_weighting";
  if (c.choice("mean", {"full", "decay"}) == "decay") {
    spec.rule.set("cov-decay", c.number("decay"));
  }
  return trajectory(c, spec);
}

Safetensors dmf_aux_schedule_case(const ReferenceCase& c) {
  const AuxiliarySchedule schedule = schedule_of(c);
  const Index calls = c.integer("calls", 1, 1 << 24);
  Tensor<double> gamma(Shape{calls});
  Tensor<std::int32_t> t(Shape{calls});
  for (Index k = 0; k < calls; ++k) {
    gamma.data()[k] = schedule.gamma(k);
    t.data()[k] = static_cast<std::int32_t>(schedule.time(k));
  }
  Safetensors results;
  results.set("gamma", gamma);
  results.set("t", t);
  return results;
}

template <class S>
Safetensors dmf_loss_case(const ReferenceCase& c) {
  const Tensor<S> logits = c.tensor<S>("logits", 5).to(c.device());
  const Tensor<std::int32_t> labels = c.labels("labels", 4);
  FusedLoss<S> loss = fused_loss_of<S>(c);
  FusionTrace<S> trace(logits.size(0), static_cast<Index>(loss.fusion().current().weights.size()));
  const Tensor<S> gradients(logits.shape());
  for (Index t = 0; t < logits.size(0); ++t) {
    const Variable<S> at_t(logits.slice(t).clone(), true);
    const Labels labels_at_t(labels.slice(t).clone(), logits.size(4));
    const typename FusedLoss<S>::Result result = loss.step(at_t, labels_at_t.to(c.device()));
    result.total.backward();
    trace.put(t, result.total, result);
    gradients.slice(t).copy_from(at_t.grad());
  }
  Safetensors results;
  trace.write(results);
  results.set("grad.logits", gradients);
  return results;
}

}  // namespace

template <class S>
FusedLoss<S> fused_loss_of(const ReferenceCase& c) {
  const Settings settings = loss_settings_of(c, "");
  std::vector<std::unique_ptr<Loss<S>>> losses;
  for (const std::string& name : c.texts("losses")) losses.push_back(make_loss<S>(name, settings));
  std::unique_ptr<Loss<S>> auxiliary;
  if (c.text("aux") != "none") auxiliary = make_loss<S>(c.text("aux"), settings);
  FusionSpec spec = memory_of(c);
  spec.auxiliary = schedule_of(c);
  return {std::move(losses), std::move(auxiliary), spec};
}

template <class S>
FusionTrace<S>::FusionTrace(Index steps, Index losses)
    : output_(Shape{steps}),
      losses_(Shape{steps, losses}),
      weights_(Shape{steps, losses}),
      gamma_(Shape{steps}),
      auxiliary_(Shape{steps}) {}

template <class S>
void FusionTrace<S>::put(Index t, const Variable<S>& total, const StepWeights& weights) {
  output_.data()[t] = static_cast<double>(total.value().item());
  const Index K = losses_.size(1);
  const bool has_auxiliary = static_cast<Index>(weights.values.size()) > K;
  gamma_.data()[t] = has_auxiliary ? weights.factors.back() : 0.0;
  auxiliary_.data()[t] = has_auxiliary ? weights.values.back() : 0.0;
  std::copy_n(weights.values.begin(), K, losses_.data() + t * K);
  std::copy_n(weights.factors.begin(), K, weights_.data() + t * K);
}

template <class S>
void FusionTrace<S>::write(Safetensors& results) const {
  results.set("output", output_);
  results.set("losses", losses_);
  results.set("weights", weights_);
  results.set("gamma", gamma_);
  results.set("aux", auxiliary_);
}

template <class S>
std::map<std::string, CaseFunction> fusion_case_functions() {
  return {{"dmf_weights", dmf_weights_case},
          {"dmf_aux_schedule", dmf_aux_schedule_case},
          {"dmf_loss", dmf_loss_case<S>},
          {"softadapt", softadapt_case},
          {"cov_weighting", cov_weighting_case}};
}

#define DMF_INSTANTIATE(S)                                      \
  template FusedLoss<S> fused_loss_of<S>(const ReferenceCase&); \
  template class FusionTrace<S>;                                \
  template std::map<std::string, CaseFunction> fusion_case_functions<S>();
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
