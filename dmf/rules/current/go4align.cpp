#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dmf/weighting_rule.h"

namespace dmf {
namespace {

/// Each value replaced by the mean of its group, where `groups` groups leave the least sum of squared
/// deviations: k-means on a line, whose groups are neighbours in order, found exactly.
std::vector<double> group_means(const std::vector<double>& values, std::size_t groups) {
  const std::size_t n = values.size();
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  const auto mean_of = [&](std::size_t from, std::size_t to) {
    double sum = 0.0;
    for (std::size_t i = from; i < to; ++i) sum += values[order[i]];
    return sum / static_cast<double>(to - from);
  };
  const auto cost_of = [&](std::size_t from, std::size_t to) {
    const double mean = mean_of(from, to);
    double squares = 0.0;
    for (std::size_t i = from; i < to; ++i) {
      squares += (values[order[i]] - mean) * (values[order[i]] - mean);
    }
    return squares;
  };
  // cost[g][i]: of the first i in g groups, the last of which begins at begin[g][i]
  std::vector<std::vector<double>> cost(
      groups + 1, std::vector<double>(n + 1, std::numeric_limits<double>::infinity()));
  std::vector<std::vector<std::size_t>> begin(groups + 1, std::vector<std::size_t>(n + 1, 0));
  cost[0][0] = 0.0;
  for (std::size_t g = 1; g <= groups; ++g) {
    for (std::size_t i = g; i <= n; ++i) {
      for (std::size_t j = g - 1; j < i; ++j) {
        const double total = cost[g - 1][j] + cost_of(j, i);
        if (total < cost[g][i]) {
          cost[g][i] = total;
          begin[g][i] = j;
        }
      }
    }
  }
  std::vector<double> means(n);
  for (std::size_t g = groups, end = n; g > 0; --g) {
    const std::size_t from = begin[g][end];
    for (std::size_t i = from; i < end; ++i) means[order[i]] = mean_of(from, end);
    end = from;
  }
  return means;
}

class Go4Align final : public WeightingRule {
 public:
  Go4Align(std::size_t losses, double rate, std::int64_t groups)
      : rate_(rate),
        groups_(std::min(losses, static_cast<std::size_t>(groups))),
        shares_(losses, 1.0 / static_cast<double>(losses)) {}

  RuleNeeds needs() const override { return {.least_history = 1}; }
  bool sums_to_one() const override { return false; }

  std::vector<double> weights(const Signals& signals) override {
    const std::vector<double> losses = positive_losses(signals.history, "go4align");
    for (std::size_t k = 0; k < losses.size(); ++k) shares_[k] *= std::exp(-rate_ * losses[k]);
    shares_ = normalised_to_one(std::move(shares_));
    const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
    std::vector<double> w;
    for (std::size_t k = 0; k < losses.size(); ++k) w.push_back(sum / losses[k] * shares_[k]);
    return group_means(w, groups_);
  }

  std::vector<double> state() const override { return shares_; }

  void load_state(const std::vector<double>& state) override {
    require_state(state, shares_.size(), "go4align", "one share a loss");
    shares_ = state;
  }

 private:
  double rate_;
  std::size_t groups_;
  std::vector<double> shares_;
};

}  // namespace

/// Group optimisation for multi-task alignment: losses that weigh nearly alike form a group and share
/// its mean weight.
///
///   p <- p exp(-eta L) / sum    from p = 1 / K
///   w_k = p_k sum_j L_j / L_k, then the mean of k's group
///
/// The groups are those of k-means, found exactly and so without a random start; for as many groups
/// as losses each is alone. A loss below 1e-8 weighs as one of 1e-8; a negative one is an error.
///
/// source  Shen et al., "GO4Align: Group Optimization for Multi-Task Alignment", NeurIPS 2024
RuleEntry go4align_rule() {
  return {
      "go4align",
      "by the inverse losses, alike within groups",
      {{"go4align-eta", 1e-4, "Rate of its shares", kAtLeastZero},
       {"go4align-groups", std::int64_t{2}, "Groups of losses, at most one a loss", {.least = 1}}},
      [](const RuleContext& context, const Settings& s) -> std::unique_ptr<WeightingRule> {
        return std::make_unique<Go4Align>(context.initial.size(), s.number("go4align-eta"),
                                          s.whole("go4align-groups"));
      }};
}

}  // namespace dmf
