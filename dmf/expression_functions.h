#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace dmf {

/// A function or operation of expression_rule(): what it does are the pointers that are not null.
struct RuleFunction {
  enum class Over : std::uint8_t { both, time, losses };

  std::string_view name;
  double (*each)(double) = nullptr;                        // of every number by itself
  double (*two)(double, double) = nullptr;                 // of two, number by number
  double (*reduce)(const std::vector<double>&) = nullptr;  // of many one
  double (*decayed)(const std::vector<double>&,
                    double) = nullptr;  // of many one, with a second number in [0, 1)
  std::vector<double> (*along)(std::vector<double>) = nullptr;  // of many as many
  Over over = Over::both;                                       // where the many may lie
};

/// By name: log, mean, softmax.
const std::vector<RuleFunction>& rule_functions();
/// By sign: + - * /.
const std::vector<RuleFunction>& rule_operations();

}  // namespace dmf
