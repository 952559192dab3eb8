#include <algorithm>
#include <cmath>
#include <numeric>

#include "dmf/adam.h"
#include "dmf/gram_rules/gram_rule.h"

namespace dmf {
namespace {

class GradNorm final : public GramRule {
 public:
  GradNorm(std::size_t losses, double alpha, double rate)
      : alpha_(alpha), weights_(losses, 1.0), first_(losses), adam_(losses, rate) {}

  std::vector<double> state() const override {
    std::vector<double> state = {begun_ ? 1.0 : 0.0};
    state.insert(state.end(), weights_.begin(), weights_.end());
    state.insert(state.end(), first_.begin(), first_.end());
    adam_.append_state(state);
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    const std::size_t K = weights_.size();
    require_state(state, 1 + 2 * K + adam_.state_size(), "gradnorm",
                  "whether it has begun, four numbers a loss and one count of steps");
    begun_ = state[0] != 0.0;
    std::copy_n(state.data() + 1, K, weights_.begin());
    std::copy_n(state.data() + 1 + K, K, first_.begin());
    adam_.load_state(state.data() + 1 + 2 * K);
  }

 private:
  bool reads_losses() const override { return true; }

  Weights weights(const Gram& gram, const std::vector<double>& losses) override {
    if (!begun_) first_ = losses;
    begun_ = true;
    const Weights used = weights_;
    const std::size_t K = used.size();
    const double count = static_cast<double>(K);
    Weights rate(K), gradient(K);
    double mean_rate = 0.0, mean_length = 0.0;
    for (std::size_t k = 0; k < K; ++k) {
      rate[k] = first_[k] != 0.0 ? losses[k] / first_[k] : 1.0;
      mean_rate += rate[k] / count;
      mean_length += weights_[k] * gram.norm(k) / count;
    }
    for (std::size_t k = 0; k < K; ++k) {
      const double relative = mean_rate > 0.0 ? std::max(rate[k] / mean_rate, 0.0) : 1.0;
      const double off = weights_[k] * gram.norm(k) - mean_length * std::pow(relative, alpha_);
      gradient[k] = off > 0.0 ? gram.norm(k) : off < 0.0 ? -gram.norm(k) : 0.0;
    }
    adam_.update(weights_, gradient);
    for (double& w : weights_) w = std::max(w, 0.0);
    weights_ = normalised_to_one(std::move(weights_));
    for (double& w : weights_) w *= count;
    return used;
  }

  double alpha_;
  bool begun_ = false;
  Weights weights_, first_;
  Adam adam_;
};

}  // namespace

/// GradNorm: weights are learned so that the weighted gradients are of one length, longer where a
/// loss has come down less than the others.
///
///   G_k = w_k |g_k|    r_k = (L_k / L_k(0)) / mean    minimise sum_k |G_k - mean(G) r_k^alpha| over w
///
/// with the mean and r held, by one step of Adam; then none is below 0 and they sum to K. A step's
/// weights come before what is learned from it: the first are all 1. A loss that was 0 at first counts
/// as unchanged.
///
/// source  Chen et al., "GradNorm", ICML 2018
RuleEntry gradnorm_rule() {
  return {"gradnorm",
          "learned, so that gradients become of one length",
          {{"gradnorm-alpha", 1.5, "Pull of losses that have come down less", kAtLeastZero},
           {"gradnorm-lr", 0.025, "Adam's rate for its weights", kAboveZero}},
          [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
            return std::make_unique<GradNorm>(context.initial.size(), s.number("gradnorm-alpha"),
                                              s.number("gradnorm-lr"));
          }};
}

}  // namespace dmf
