#pragma once

#include <memory>
#include <string_view>

#include "dmf/weighting_rule.h"

namespace dmf {

/// A weighting rule that is written as a formula: "softmax(-slope(window(10))/0.1)".
///
/// Every value is one number a loss, or a series of them, one a step, oldest first:
///
///   loss, weights      this step's losses; the weights in force
///   window(N)          the last N losses, this step's included; window(): all that is remembered
///   + - * /            number by number, as log exp sqrt abs symlog, pow(x, y), min(x, y), max(x, y)
///   mean sum median var mad min max
///                      of a series one number a loss, else one number of all losses
///   last slope ratio ema(x, decay)
///                      of a series: the latest; least squares, a step; the latest over the first; the
///                      moving average, beginning with the first
///   minmax             of a series, or of the losses: (x - min) / (max - min + 1e-7)
///   normalise softmax  of the losses: scaled to sum 1, uniform where their sum is not above 0;
///                      exponentials scaled to sum 1
///   posterior(x)       by Bayes' rule: x the logarithms of likelihoods; the prior is what it gave last,
///                      at first the initial weights. It alone makes a state, so it may stand once.
///
/// The rule waits for the longest window; with window(), for a full history. A part that is not finite,
/// as what is divided by 0 or the logarithm of 0, ends the step with a NumericError that names its
/// character and the loss's number: nothing is clamped in silence.
///
/// throws  ValueError, one line that names the character, for what is no such formula
std::unique_ptr<WeightingRule> expression_rule(std::string_view text, const RuleContext& context);

}  // namespace dmf
