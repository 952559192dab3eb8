#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dmf/fusion.h"

namespace dmf {

/// A fusion whose weights are the rule's own, for tests of what it gives: as published, negative ones
/// too. Rules that wait for a full history take over at the first step.
inline FusionSpec published(const std::string& rule, std::size_t losses) {
  FusionSpec spec;
  for (std::size_t k = 0; k < losses; ++k) spec.losses.push_back("loss" + std::to_string(k));
  spec.weighting = rule;
  spec.history_size = 1;
  spec.scale = WeightScale::published;
  spec.negative = NegativeWeights::keep;
  spec.steps_per_epoch = 2;
  return spec;
}

using Row = std::vector<double>;

/// The weights at every step. After a rule has had a step it has, where it asks for them, the next
/// row's losses as those after the update.
inline std::vector<Row> trajectory(const FusionSpec& spec, const std::vector<RuleEntry>& rules,
                                   const std::vector<Row>& losses,
                                   const std::vector<Gram>& gradients = {}) {
  Fusion fusion(spec, rules);
  std::vector<Row> weights;
  for (std::size_t t = 0; t < losses.size(); ++t) {
    const Gram* gram = gradients.empty() ? nullptr : &gradients[t % gradients.size()];
    weights.push_back(fusion.step(losses[t], gram).weights);
    if (fusion.needs().losses_after_update) {
      fusion.losses_after(losses[std::min(t + 1, losses.size() - 1)]);
    }
  }
  return weights;
}

/// Largest difference relative to the larger of the two, number by number.
inline double difference(const Row& a, const Row& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double largest = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double scale = std::max({std::abs(a[k]), std::abs(b[k]), 1e-300});
    largest = std::max(largest, std::abs(a[k] - b[k]) / scale);
  }
  return largest;
}

/// From its rows.
inline Gram gram_of(const std::vector<Row>& rows) {
  Gram gram(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) gram(i, j) = rows[i][j];
  }
  return gram;
}

}  // namespace dmf
