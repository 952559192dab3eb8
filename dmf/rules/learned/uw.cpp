#include <cmath>

#include "dmf/rules/learned/log_scales.h"

namespace dmf {
namespace {

class Uw final : public WeightingRule {
 public:
  Uw(std::size_t losses, double rate) : log_variance_(losses, rate) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    std::vector<double> w, gradient;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      w.push_back(0.5 * std::exp(-log_variance_.values()[k]));
      gradient.push_back(0.5 - w[k] * losses[k]);
    }
    log_variance_.update(gradient);
    return w;
  }

  std::vector<double> state() const override { return log_variance_.state(); }
  void load_state(const std::vector<double>& state) override {
    log_variance_.load_state(state, "uw");
  }

 private:
  LogScales log_variance_;
};

}  // namespace

/// Uncertainty weighting: the logarithm s of each loss's variance is learned with the network.
///
///   objective  (sum_k e^(-s_k) L_k + sum_k s_k) / 2    w_k = e^(-s_k) / 2
///
/// A step's weights come before what is learned from it: the first are all 1/2. s goes to log L, so w
/// to 1 / (2 L); it is kept within +-10.
///
/// source  Kendall, Gal & Cipolla, CVPR 2018; the form of TorchJD and PhysicsNeMo
RuleEntry uw_rule() {
  return {"uw",
          "by uncertainties that are learned",
          {{"uw-lr", 1e-3, "Adam's rate for its logarithms of the variances", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<Uw>(context.initial.size(), s.number("uw-lr"));
          }};
}

}  // namespace dmf
