#include "apps/experiment/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>

#include "engine/core/rng.h"

namespace dmf {
namespace {

constexpr std::size_t kMostExact = 50;  // 2^50 sign patterns are counted exactly by a double

struct Ranks {
  std::vector<std::size_t> doubled;  // twice the rank: ties share halves
  double ties = 0.0;                 // sum of t^3 - t over groups of t equal magnitudes
};

/// Ranks of sorted magnitudes.
Ranks ranks_of(const std::vector<double>& magnitudes) {
  Ranks ranks;
  for (std::size_t from = 0; from < magnitudes.size();) {
    std::size_t to = from;
    while (to < magnitudes.size() && magnitudes[to] == magnitudes[from]) ++to;
    ranks.doubled.resize(to, from + 1 + to);  // the mean of from + 1 ... to, twice
    const auto t = static_cast<double>(to - from);
    ranks.ties += t * t * t - t;
    from = to;
  }
  return ranks;
}

/// P(W <= w) and P(W >= w) for the sum W of the doubled ranks of a random half of the pairs.
struct Tails {
  double lower, upper;
};
Tails exact_tails(const std::vector<std::size_t>& doubled, std::size_t w) {
  const std::size_t all = std::accumulate(doubled.begin(), doubled.end(), std::size_t{0});
  std::vector<double> patterns(all + 1);  // with each sum
  patterns[0] = 1.0;
  for (const std::size_t rank : doubled) {
    for (std::size_t sum = all; sum >= rank; --sum) patterns[sum] += patterns[sum - rank];
  }
  const auto at = patterns.begin() + static_cast<std::ptrdiff_t>(w);
  const double count = std::ldexp(1.0, static_cast<int>(doubled.size()));
  return {std::accumulate(patterns.begin(), at + 1, 0.0) / count,
          std::accumulate(at, patterns.end(), 0.0) / count};
}

}  // namespace

MeanDeviation mean_deviation(std::span<const double> values) {
  if (values.empty()) return {};
  const auto n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0.0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1.0)) : 0.0};
}

Estimate mean_with_interval(std::span<const double> values) {
  constexpr int kResamples = 1000;
  constexpr std::uint64_t kSeed = 1, kStream = 0x64696666;  // "diff"
  if (values.empty()) return {};
  const double mean = mean_deviation(values).mean;
  Rng rng(kSeed, kStream);
  std::vector<double> means;
  for (int b = 0; b < kResamples; ++b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      sum += values[static_cast<std::size_t>(rng.below(values.size()))];
    }
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::sort(means.begin(), means.end());
  return {mean, percentile(means, 0.025), percentile(means, 0.975)};
}

SignedRankTest signed_rank_test(std::span<const double> differences) {
  std::vector<double> ordered;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(ordered),
               [](double d) { return d != 0.0; });
  std::sort(ordered.begin(), ordered.end(),
            [](double a, double b) { return std::abs(a) < std::abs(b); });
  std::vector<double> magnitudes;
  for (const double d : ordered) magnitudes.push_back(std::abs(d));
  const Ranks ranks = ranks_of(magnitudes);
  SignedRankTest test;
  test.pairs = ordered.size();
  if (test.pairs == 0) return test;
  std::size_t positive = 0, all = 0;
  for (std::size_t k = 0; k < ordered.size(); ++k) {
    all += ranks.doubled[k];
    if (ordered[k] > 0.0) positive += ranks.doubled[k];
  }
  test.positive = static_cast<double>(positive) / 2.0;
  test.negative = static_cast<double>(all - positive) / 2.0;
  test.effect = (test.positive - test.negative) / (test.positive + test.negative);
  test.exact = test.pairs <= kMostExact;
  if (test.exact) {
    const Tails tails = exact_tails(ranks.doubled, positive);
    test.p = std::min(1.0, 2.0 * std::min(tails.lower, tails.upper));
  } else {
    const auto n = static_cast<double>(test.pairs);
    const double variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ranks.ties / 48.0;
    const double z = (test.positive - n * (n + 1.0) / 4.0) / std::sqrt(variance);
    test.p = std::min(
        1.0, 2.0 * boost::math::cdf(boost::math::complement(boost::math::normal(), std::abs(z))));
  }
  return test;
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double least = 0.0;  // never below that of a smaller p
  for (std::size_t k = 0; k < order.size(); ++k) {
    least = std::max(least, std::min(1.0, static_cast<double>(p.size() - k) * p[order[k]]));
    adjusted[order[k]] = least;
  }
  return adjusted;
}

std::string difference_text(const Estimate& difference, int digits) {
  const auto text = [digits](double value) {
    const std::string size = fmt::format("{:.{}f}", std::abs(value), digits);
    if (size.find_first_not_of("0.") == std::string::npos) return size;
    return (value < 0.0 ? "-" : "+") + size;
  };
  return fmt::format("{} ({} to {})", text(difference.value), text(difference.low),
                     text(difference.high));
}

std::string p_text(double p) {
  if (p < 0.001) return "< 0.001";
  return fmt::format("{:.{}f}", p, p < 0.1 ? 3 : 2);
}

}  // namespace dmf
