#include "dmf/fusion.h"

#include <algorithm>
#include <cmath>

#include "dmf/make_rule.h"

namespace dmf {
namespace {

void require(bool condition, const std::string& text) {
  if (!condition) throw ValueError("[dmf] " + text);
}

std::vector<double> initial_weights(const FusionSpec& spec) {
  spec.validate();
  if (!spec.initial_weights.empty()) return normalised_to_one(spec.initial_weights);
  return std::vector<double>(spec.losses.size(), 1.0 / static_cast<double>(spec.losses.size()));
}

}  // namespace

void throw_not_finite(const std::string& what, double value, std::int64_t step) {
  const std::string text = std::isnan(value) ? "nan" : value > 0.0 ? "inf" : "-inf";
  throw NumericError("[dmf] " + what + " is " + text + " at step " + std::to_string(step) +
                     ": expected a finite value. Lower the learning rate, or clip gradients.");
}

void FusionSpec::validate() const {
  require(!losses.empty(), "no losses: expected at least one.");
  require(history_size >= 1, "history_size 0: expected at least 1.");
  require(history_size_max >= history_size, "history_size_max " + std::to_string(history_size_max) +
                                                ": expected at least history_size " +
                                                std::to_string(history_size) + ".");
  require(initial_weights.empty() || initial_weights.size() == losses.size(),
          std::to_string(initial_weights.size()) + " initial weights for " +
              std::to_string(losses.size()) + " losses: expected one a loss.");
  double sum = 0.0;
  for (const double w : initial_weights) {
    require(std::isfinite(w) && w >= 0.0,
            "initial weight " + std::to_string(w) + ": expected >= 0.");
    sum += w;
  }
  require(initial_weights.empty() || sum > 0.0, "initial weights sum to 0: expected one above 0.");
  require(std::isfinite(auxiliary.gamma0) && auxiliary.gamma0 >= 0.0,
          "gamma0 " + std::to_string(auxiliary.gamma0) + ": expected >= 0.");
  require(std::isfinite(auxiliary.lambda) && auxiliary.lambda >= 0.0,
          "lambda " + std::to_string(auxiliary.lambda) + ": expected >= 0.");
  require(auxiliary.every >= 0,
          "batch_track_steps " + std::to_string(auxiliary.every) + ": expected >= 0.");
  require(averaging >= 0.0 && averaging < 1.0,
          "weight averaging " + std::to_string(averaging) + ": expected 0 <= decay < 1.");
  require(largest_change >= 0.0,
          "largest weight change " + std::to_string(largest_change) + ": expected >= 0.");
  require(steps_per_epoch >= 0,
          "steps_per_epoch " + std::to_string(steps_per_epoch) + ": expected >= 0.");
}

namespace {

std::unique_ptr<WeightingRule> made(const FusionSpec& spec, const std::vector<RuleEntry>& rules) {
  return make_rule(rules, spec.weighting,
                   {initial_weights(spec), spec.seed, spec.steps_per_epoch, spec.draws}, spec.rule);
}

}  // namespace

Fusion::Fusion(const FusionSpec& spec, const std::vector<RuleEntry>& rules)
    : Fusion(spec, made(spec, rules)) {}

Fusion::Fusion(const FusionSpec& spec, std::unique_ptr<WeightingRule> rule)
    : spec_(spec),
      history_(spec.losses.size(), spec.history_size_max),
      rule_(std::move(rule)),
      weights_(initial_weights(spec)) {
  require(least_history() <= spec.history_size_max,
          "history_size_max " + std::to_string(spec.history_size_max) + ": the rule '" +
              spec.weighting + "' needs " + std::to_string(least_history()) + " values.");
  require(spec.steps_per_epoch > 0 || !rule_->needs().epochs,
          "the rule '" + spec.weighting + "' needs to know steps_per_epoch: got 0.");
}

std::size_t Fusion::least_history() const {
  const RuleNeeds needs = rule_->needs();
  return std::max(needs.full_history ? spec_.history_size : 0, needs.least_history);
}

void Fusion::require_finite(std::span<const double> values) const {
  for (std::size_t k = 0; k < std::min(values.size(), spec_.losses.size()); ++k) {
    if (!std::isfinite(values[k])) {
      throw_not_finite("loss '" + spec_.losses[k] + "'", values[k], step_);
    }
  }
}

void Fusion::require_gradients(const Gram* gradients) const {
  require(gradients != nullptr, "the rule '" + spec_.weighting +
                                    "' needs the losses' gradients: give step() their Gram "
                                    "matrix.");
  const std::size_t K = spec_.losses.size();
  require(gradients->losses() == K, "gradients of " + std::to_string(gradients->losses()) +
                                        " losses: expected " + std::to_string(K) + ".");
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) {
      if (!std::isfinite((*gradients)(i, j))) {
        throw_not_finite("the product of the gradients of '" + spec_.losses[i] + "' and '" +
                             spec_.losses[j] + "'",
                         (*gradients)(i, j), step_);
      }
    }
  }
}

Fusion::Factors Fusion::step(std::span<const double> values, const Gram* gradients) {
  require_finite(values);
  if (rule_->needs().gradients) require_gradients(gradients);
  require(!waits_, "the rule '" + spec_.weighting + "' needs the losses after the update of step " +
                       std::to_string(step_ - 1) + ": call losses_after() between two steps.");
  LossHistory history = history_;
  history.append(values);
  const bool asked = history.size() >= least_history();
  if (asked) weights_ = limited(used(rule_->weights({history, weights_, gradients})));
  history_ = std::move(history);
  waits_ = asked && rule_->needs().losses_after_update;
  Factors factors = current();  // the first step has t = 0
  ++step_;
  return factors;
}

void Fusion::losses_after(std::span<const double> values) {
  require_finite(values);
  require(waits_, "the rule '" + spec_.weighting +
                      "' does not wait for the losses after the update of a step.");
  require(values.size() == spec_.losses.size(), std::to_string(values.size()) + " values for " +
                                                    std::to_string(spec_.losses.size()) +
                                                    " losses.");
  rule_->losses_after({values.begin(), values.end()});
  waits_ = false;
}

std::vector<double> Fusion::used(std::vector<double> published) const {
  const auto name = [this](std::size_t k) {
    return "the weight that the rule '" + spec_.weighting + "' gives the loss '" + spec_.losses[k] +
           "'";
  };
  double sum = 0.0;
  bool as_published = rule_->sums_to_one();
  for (std::size_t k = 0; k < published.size(); ++k) {
    double& w = published[k];
    if (!std::isfinite(w)) throw_not_finite(name(k), w, step_);
    if (w <= 0.0 && spec_.negative == NegativeWeights::refuse) {
      throw NumericError("[dmf] " + name(k) + " is " + shortest(w) + " at step " +
                         std::to_string(step_) + ": expected > 0. Clamp or keep such weights.");
    }
    if (w < 0.0 && spec_.negative == NegativeWeights::clamp) {
      w = 0.0;
      as_published = false;
    }
    sum += w;
  }
  if (spec_.scale == WeightScale::published || as_published) return published;
  if (!(sum > 0.0)) return weights_;
  for (double& w : published) w /= sum;
  return published;
}

// Both open ends move from the previous weights towards the rule's by one factor for all losses, so
// a sum of 1 stays 1.
std::vector<double> Fusion::limited(const std::vector<double>& wanted) const {
  double pace = 1.0 - spec_.averaging;
  if (spec_.largest_change > 0.0) {
    double largest = 0.0;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      largest = std::max(largest, std::abs(wanted[k] - weights_[k]));
    }
    if (pace * largest > spec_.largest_change) pace = spec_.largest_change / largest;
  }
  if (pace == 1.0) return wanted;
  std::vector<double> moved = weights_;
  for (std::size_t k = 0; k < moved.size(); ++k) moved[k] += pace * (wanted[k] - moved[k]);
  return moved;
}

FusionState Fusion::state() const {
  require(!waits_, "the state of a step is complete after losses_after() alone.");
  FusionState state{step_, {}, weights_, rule_->state()};
  for (std::size_t k = 0; k < history_.losses(); ++k) state.history.push_back(history_.of(k));
  return state;
}

void Fusion::load_state(const FusionState& state) {
  require(
      state.history.size() == spec_.losses.size() && state.weights.size() == spec_.losses.size(),
      "the saved memory is of " + std::to_string(state.history.size()) + " losses: expected " +
          std::to_string(spec_.losses.size()) + ".");
  LossHistory history(spec_.losses.size(), spec_.history_size_max);
  std::vector<double> values(state.history.size());
  for (std::size_t j = 0; j < state.history.front().size(); ++j) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      require(state.history[k].size() == state.history.front().size(),
              "the saved histories differ in length.");
      values[k] = state.history[k][j];
    }
    history.append(values);
  }
  rule_->load_state(state.rule);
  history_ = std::move(history);
  weights_ = state.weights;
  step_ = state.step;
  waits_ = false;
}

}  // namespace dmf
