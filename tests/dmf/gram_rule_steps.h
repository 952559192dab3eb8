#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dmf/gram_rules/gram_rules.h"
#include "tests/support/rule_steps.h"

namespace dmf {

// What tests of the rules on gradients have in common.

using Set = std::vector<std::pair<std::string, Setting::Value>>;

inline FusionSpec with(const std::string& rule, std::size_t losses, const Set& settings = {}) {
  FusionSpec spec = published(rule, losses);
  spec.rule = settings_of(gram_rules());
  for (const auto& [name, value] : settings) spec.rule.set(name, value);
  return spec;
}

/// The weights of a first step.
inline Row weights(const std::string& rule, const Gram& gram, const Set& settings = {},
                   Row losses = {}) {
  if (losses.empty()) losses.assign(gram.losses(), 1.0);
  return trajectory(with(rule, gram.losses(), settings), gram_rules(), {losses}, {gram})[0];
}

/// J = [[-4, 1, 1], [6, 1, 1]], of TorchJD's tests/unit/aggregation/test_values.py.
inline const Gram kTorchJd = gram_of({{18, -22}, {-22, 38}});

inline double largest_error(const Row& a, const Row& b) {
  double largest = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) largest = std::max(largest, std::abs(a[k] - b[k]));
  return largest;
}

}  // namespace dmf
