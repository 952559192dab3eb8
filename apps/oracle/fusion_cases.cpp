#include "apps/oracle/fusion_cases.h"

#include <algorithm>
#include <cctype>
#include <limits>

#include "apps/oracle/loss_settings.h"
#include "apps/support/option_values.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "dmf/make_rule.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// The strategy as a rule's name, whatever its case, hyphens and underscores: `UW-SO` is uwso; or, where
/// it has parentheses or signs of operations, as the formula that it is.
std::string weighting_of(const ReferenceCase& c) {
  const auto bare = [](std::string_view name) {
    std::string letters;
    for (const char letter : name) {
      if (letter != '-' && letter != '_') {
        letters += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
      }
    }
    return letters;
  };
  const std::string wanted = c.text("strategy");
  for (const RuleEntry& entry : weighting_rules()) {
    if (bare(entry.name) == bare(wanted)) return std::string(entry.name);
  }
  if (wanted.find_first_of("()+*/") == std::string::npos) {
    entry_named(weighting_rules(), wanted, "strategy");  // throws, and lists them
  }
  return wanted;
}

/// Rule and memory of a case, without its losses.
///
/// bare_names  whether an option may also stand without the rule's name, `alpha` for `gradnorm_alpha`
FusionSpec memory_of(const ReferenceCase& c, bool bare_names) {
  FusionSpec spec;
  spec.weighting = weighting_of(c);
  const std::vector<Setting> settings = settings_of_rule(weighting_rules(), spec.weighting);
  spec.rule.add(settings);
  for (const Setting& setting : settings) {
    const std::string key = attribute_of(setting);
    const std::string bare = key.substr(key.find('_') + 1);
    if (c.has_attribute(key)) {
      spec.rule.set(setting.name, value_of(c, key, setting));
    } else if (bare_names && c.has_attribute(bare)) {
      spec.rule.set(setting.name, value_of(c, bare, setting));
    }
  }
  const auto count = [&c](const char* key, std::size_t otherwise) {
    return c.has_attribute(key) ? static_cast<std::size_t>(c.integer(key, 1)) : otherwise;
  };
  spec.history_size = count("history_size", spec.history_size);
  spec.history_size_max =
      count("history_size_max", std::max(spec.history_size, spec.history_size_max));
  spec.steps_per_epoch = static_cast<std::int64_t>(count("steps_per_epoch", 1));
  spec.seed = count("seed", 1);
  return spec;
}

AuxiliarySchedule schedule_of(const ReferenceCase& c) {
  return {c.number("gamma0"), c.number("lambda"), c.integer("batch_track_steps")};
}

/// The rule's own weights, as published; or, on request, as a training uses them.
void set_scale(const ReferenceCase& c, FusionSpec& spec) {
  spec.scale = WeightScale::published;
  spec.negative = NegativeWeights::keep;
  if (c.has_attribute("weight_scale")) {
    spec.scale = entry_named(kWeightScales, c.text("weight_scale"), "weight_scale").value;
  }
  if (c.has_attribute("negative_weights")) {
    spec.negative =
        entry_named(kNegativeWeights, c.text("negative_weights"), "negative_weights").value;
  }
  if (c.has_attribute("initial_weights")) spec.initial_weights = c.numbers("initial_weights");
}

/// Column t of a tensor [K, T].
std::vector<double> at_step(const Tensor<double>& values, Index t) {
  std::vector<double> column;
  for (Index k = 0; k < values.size(0); ++k)
    column.push_back(values.data()[k * values.size(1) + t]);
  return column;
}

/// A tensor of the same shape as the losses'.
Tensor<double> beside(const ReferenceCase& c, const std::string& name,
                      const Tensor<double>& losses) {
  Tensor<double> tensor = c.tensor<double>(name, 2);
  DMF_CHECK(tensor.shape() == losses.shape(), IoError,
            "[probe] '{}' is {}: expected {}, as 'losses'.", name, tensor.shape().str(),
            losses.shape().str());
  return tensor;
}

RuleNeeds needs_of(const FusionSpec& spec, Index losses) {
  const std::vector<double> weights(static_cast<std::size_t>(losses), 1.0);
  return make_rule(weighting_rules(), spec.weighting, {weights}, spec.rule)->needs();
}

/// The weights that a rule gives from step to step.
///
/// grams  [T, K, K], for a rule on gradients
Safetensors trajectory(const ReferenceCase& c, FusionSpec spec, const Tensor<double>& losses,
                       const Tensor<double>* grams = nullptr) {
  const Index K = losses.size(0), T = losses.size(1);
  spec.losses.clear();
  for (Index k = 0; k < K; ++k) spec.losses.push_back("loss " + std::to_string(k));
  Fusion fusion(spec, weighting_rules());
  const bool twice = fusion.needs().losses_after_update;
  const Tensor<double> after = twice ? beside(c, "losses_after", losses) : losses;
  Gram gram(static_cast<std::size_t>(K));
  Tensor<double> weights(Shape{T, K});
  for (Index t = 0; t < T; ++t) {
    for (Index i = 0; grams != nullptr && i < K; ++i) {
      for (Index j = 0; j < K; ++j) {
        gram(static_cast<std::size_t>(i), static_cast<std::size_t>(j)) =
            grams->data()[(t * K + i) * K + j];
      }
    }
    const Fusion::Factors factors =
        fusion.step(at_step(losses, t), grams != nullptr ? &gram : nullptr);
    std::copy(factors.weights.begin(), factors.weights.end(), weights.data() + t * K);
    if (twice) fusion.losses_after(at_step(after, t));
  }
  Safetensors results;
  results.set("weights", weights);
  return results;
}

Safetensors dmf_weights_case(const ReferenceCase& c) {
  const auto losses = c.tensor<double>("losses", 2);
  FusionSpec spec = memory_of(c, true);
  set_scale(c, spec);
  if (c.has("draws")) {
    const auto draws = c.tensor<double>("draws", ReferenceCase::kAnyRank);
    if (draws.shape().rank() == 2) {
      const auto normals = beside(c, "draws", losses);
      for (Index t = 0; t < normals.size(1); ++t) {
        for (const double each : at_step(normals, t)) spec.draws.push_back(each);
      }
    } else {
      spec.draws.assign(draws.span().begin(), draws.span().end());
    }
  }
  // A rule that knows how many values it needs has room for them.
  const RuleNeeds needs = needs_of(spec, losses.size(0));
  if (!needs.full_history) {
    spec.history_size_max = std::max(spec.history_size_max, needs.least_history);
    spec.history_size = std::min(spec.history_size, spec.history_size_max);
  }
  return trajectory(c, spec, losses);
}

Safetensors gram_weights_case(const ReferenceCase& c) {
  const auto grams = c.tensor<double>("gram", 3);
  const Index T = grams.size(0), K = grams.size(1);
  DMF_CHECK(T >= 1 && K >= 1 && grams.size(2) == K, IoError,
            "[probe] 'gram' is {}: expected [T, K, K].", grams.shape().str());
  FusionSpec spec = memory_of(c, true);
  set_scale(c, spec);
  if (c.has("draws")) {
    const auto draws = c.tensor<double>("draws", 3);
    DMF_CHECK(draws.shape() == grams.shape(), IoError,
              "[probe] 'draws' is {}: expected {}, as 'gram'.", draws.shape().str(),
              grams.shape().str());
    spec.draws.assign(draws.span().begin(), draws.span().end());
  }
  const RuleNeeds needs = needs_of(spec, K);
  DMF_CHECK(needs.gradients, IoError,
            "[probe] the strategy {} reads no 'gram': it is one of dmf_weights.", spec.weighting);
  Tensor<double> losses = Tensor<double>::full(Shape{K, T}, 1.0);
  if (needs.least_history > 0) losses = beside(c, "losses", losses);
  return trajectory(c, spec, losses, &grams);
}

Safetensors softadapt_case(const ReferenceCase& c) {
  FusionSpec spec;
  spec.weighting = "softadapt";
  spec.rule = rule_settings();
  spec.rule.set("softadapt-variant", c.text("variant"));
  spec.rule.set("softadapt-beta", c.number("beta"));
  spec.rule.set("softadapt-order", std::int64_t{c.integer("order")});
  set_scale(c, spec);
  return trajectory(c, spec, c.tensor<double>("losses", 2));
}

Safetensors cov_weighting_case(const ReferenceCase& c) {
  FusionSpec spec;
  spec.weighting = "cov_weighting";
  spec.rule = rule_settings();
  if (c.choice("mean", {"full", "decay"}) == "decay") {
    // A decay of 0, which keeps nothing, is a full mean in the option: the least number is as good.
    spec.rule.set("cov-decay", std::max(c.number("decay"), std::numeric_limits<double>::min()));
  }
  set_scale(c, spec);
  return trajectory(c, spec, c.tensor<double>("losses", 2));
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
  for (const std::string& name : split_list(c.text("losses")))
    losses.push_back(make_loss<S>(name, settings));
  std::unique_ptr<Loss<S>> auxiliary;
  if (c.text("aux") != "none") auxiliary = make_loss<S>(c.text("aux"), settings);
  FusionSpec spec = memory_of(c, false);
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
          {"gram_weights", gram_weights_case},
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
