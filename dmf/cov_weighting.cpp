#include <cmath>
#include <stdexcept>
#include <string>

#include "dmf/weighting_strategy.h"

namespace dmf {
namespace {

/// The running statistics of one loss.
struct Statistics {
  double mean_loss = 0.0;   // of the raw losses
  double mean_ratio = 0.0;  // of the loss over its mean until then
  double squares = 0.0;     // sum of the ratio's squared deviations (Welford)
};

class CovWeighting final : public WeightingStrategy {
 public:
  CovWeighting(const CovWeightingOptions& options, std::size_t losses)
      : options_(options), losses_(losses) {
    if (!(options.decay >= 0.0 && options.decay < 1.0)) {
      throw std::invalid_argument("[dmf] cov_weighting decay " + std::to_string(options.decay) +
                                  ": expected 0 <= decay < 1.");
    }
  }

  std::string_view name() const override { return "cov_weighting"; }
  bool needs_memory() const override { return false; }  // its statistics are its own

  std::vector<double> weights(const LossHistory& history, const std::vector<double>&) override {
    std::vector<double> w(losses_.size(), 1.0);
    if (step_ > 1) {  // from the statistics before this step
      for (std::size_t k = 0; k < w.size(); ++k) {
        const Statistics& s = losses_[k];
        constexpr double kEps = 1e-8;  // the authors'
        const double deviation = std::sqrt(s.squares / static_cast<double>(step_) + kEps);
        w[k] = s.mean_ratio > 0.0 ? deviation / s.mean_ratio : 0.0;
      }
    }
    for (std::size_t k = 0; k < w.size(); ++k) take_in(losses_[k], history.of(k).back());
    ++step_;
    return normalised_to_one(std::move(w));
  }

  std::vector<double> state() const override {
    std::vector<double> state = {static_cast<double>(step_)};
    for (const Statistics& s : losses_) {
      state.insert(state.end(), {s.mean_loss, s.mean_ratio, s.squares});
    }
    return state;
  }

  void load_state(const std::vector<double>& state) override {
    if (state.size() != 1 + 3 * losses_.size() || !(state[0] >= 0.0 && state[0] < 0x1p53)) {
      throw std::invalid_argument(
          "[dmf] the state of the rule 'cov_weighting' is a count of steps and three numbers a "
          "loss.");
    }
    step_ = static_cast<std::int64_t>(state[0]);
    for (std::size_t k = 0; k < losses_.size(); ++k) {
      losses_[k] = {state[3 * k + 1], state[3 * k + 2], state[3 * k + 3]};
    }
  }

 private:
  void take_in(Statistics& s, double loss) const {
    const double until_now = step_ == 0 ? loss : s.mean_loss;
    const double ratio = until_now != 0.0 ? loss / until_now : 1.0;
    double kept = 0.0;  // share of the old mean in the new
    if (step_ > 0) {
      kept = options_.decay > 0.0 ? options_.decay : 1.0 - 1.0 / static_cast<double>(step_ + 1);
    }
    const double mean_before = s.mean_ratio;
    s.mean_ratio = kept * s.mean_ratio + (1.0 - kept) * ratio;
    s.squares += (ratio - mean_before) * (ratio - s.mean_ratio);
    s.mean_loss = kept * s.mean_loss + (1.0 - kept) * loss;
  }

  CovWeightingOptions options_;
  std::vector<Statistics> losses_;
  std::int64_t step_ = 0;
};

}  // namespace

std::unique_ptr<WeightingStrategy> make_cov_weighting(const CovWeightingOptions& options,
                                                      std::size_t losses) {
  return std::make_unique<CovWeighting>(options, losses);
}

}  // namespace dmf
