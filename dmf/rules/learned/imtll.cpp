#include <cmath>

#include "dmf/rules/learned/log_scales.h"

namespace dmf {
namespace {

class ImtlL final : public WeightingRule {
 public:
  ImtlL(std::size_t losses, double rate) : log_scale_(losses, rate) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = signals.history.latest();
    std::vector<double> w, gradient;
    for (std::size_t k = 0; k < losses.size(); ++k) {
      w.push_back(std::exp(log_scale_.values()[k]));
      gradient.push_back(w[k] * losses[k] - 1.0);
    }
    log_scale_.update(gradient);
    return w;
  }

  std::vector<double> state() const override { return log_scale_.state(); }
  void load_state(const std::vector<double>& state) override {
    log_scale_.load_state(state, "imtll");
  }

 private:
  LogScales log_scale_;
};

}  // namespace

/// Impartial multi-task learning, its loss balance (IMTL-L): the logarithm s of each loss's scale is
/// learned so that all scaled losses become 1.
///
///   objective  sum_k (e^(s_k) L_k - s_k)    w_k = e^(s_k)
///
/// A step's weights come before what is learned from it: the first are all 1. s is kept within +-10.
///
/// source  Liu et al., "Towards Impartial Multi-task Learning", ICLR 2021
RuleEntry imtll_rule() {
  return {"imtll",
          "by scales that are learned, so that all losses become 1",
          {{"imtll-lr", 1e-3, "Adam's rate for its logarithms of the scales", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<ImtlL>(context.initial.size(), s.number("imtll-lr"));
          }};
}

}  // namespace dmf
