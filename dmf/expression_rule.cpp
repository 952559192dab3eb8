#include "dmf/expression_rule.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "dmf/expression_functions.h"
#include "dmf/posterior.h"
#include "engine/expression/expression.h"

namespace dmf {
namespace {

using Row = std::vector<double>;
using Kind = ExpressionNode::Kind;

/// A part of the formula whose names are known and whose kinds fit.
struct Part {
  enum class What : std::uint8_t { number, loss, weights, window, posterior, function };
  What what = What::number;
  std::size_t at = 0;     // in the text
  bool series = false;    // else one number a loss
  std::size_t steps = 0;  // of a series; 0: all that is remembered
  double number = 0.0;    // itself, or a decay
  const RuleFunction* function = nullptr;
  std::vector<Part> arguments = {};
};

/// Gives an expression's names their meaning.
class Reading {
 public:
  explicit Reading(const Expression& text) : text_(text) {}

  Part whole() {
    Part part = read(text_.root());
    if (part.series) {
      text_.fail(text_.root(),
                 "got a series, expected one number a loss: a mean(), slope() or such of it");
    }
    if (!sees_)
      text_.fail(text_.root(), "got numbers alone, expected loss, weights or window() in it");
    return part;
  }
  bool has_posterior() const { return has_posterior_; }

 private:
  Part read(const ExpressionNode& node) {
    Part part;
    part.at = node.at;
    switch (node.kind) {
      case Kind::number:
        part.number = node.number;
        return part;
      case Kind::name:
        return named(node, std::move(part));
      case Kind::list:
        text_.fail(node, "got a list, expected a number a loss");
      case Kind::operation:
        for (const RuleFunction& each : rule_operations()) {
          if (each.name == node.name) part.function = &each;
        }
        return applied(node, std::move(part));
      case Kind::call:
        break;
    }
    if (node.name == "window") return window(node, std::move(part));
    if (node.name == "posterior") return posterior(node, std::move(part));
    for (const RuleFunction& each : rule_functions()) {
      if (each.name == node.name) part.function = &each;
    }
    if (part.function == nullptr) {
      std::vector<std::string> known = names_of(rule_functions());
      known.insert(known.begin(), {"window", "posterior"});
      text_.fail(node, "got the function '" + node.name + "', expected " + any_of_text(known));
    }
    return applied(node, std::move(part));
  }

  Part named(const ExpressionNode& node, Part part) {
    if (node.name != "loss" && node.name != "weights") {
      text_.fail(node, "got '" + node.name + "', expected loss, weights, window() or a number");
    }
    part.what = node.name == "loss" ? Part::What::loss : Part::What::weights;
    sees_ = true;
    return part;
  }

  Part window(const ExpressionNode& node, Part part) {
    require_arguments(text_, node, 0, 1);
    part.what = Part::What::window;
    part.series = sees_ = true;
    if (node.arguments.empty()) return part;
    const ExpressionNode& steps = node.arguments[0];
    constexpr double kMost = 1 << 20;
    if (steps.kind != Kind::number || !(steps.number >= 1.0 && steps.number <= kMost) ||
        steps.number != std::floor(steps.number)) {
      text_.fail(steps, "got '" + Expression::print(steps) +
                            "', expected a whole number of steps, 1 to 1048576");
    }
    part.steps = static_cast<std::size_t>(steps.number);
    return part;
  }

  Part posterior(const ExpressionNode& node, Part part) {
    require_arguments(text_, node, 1, 1);
    if (has_posterior_) text_.fail(node, "got a second posterior, expected one");
    has_posterior_ = true;
    part.what = Part::What::posterior;
    part.arguments.push_back(read(node.arguments[0]));
    require_losses(node, part);
    return part;
  }

  void require_losses(const ExpressionNode& node, const Part& part) {
    if (part.arguments[0].series) {
      text_.fail(node.arguments[0],
                 "got a series in " + node.name + ", expected one number a loss");
    }
  }

  /// A function or operation with its arguments, whose kinds make its own.
  Part applied(const ExpressionNode& node, Part part) {
    const RuleFunction& f = *part.function;
    part.what = Part::What::function;
    const bool single = f.each != nullptr || f.reduce != nullptr || f.along != nullptr;
    const bool pair = f.two != nullptr || f.decayed != nullptr;
    require_arguments(text_, node, single ? 1 : 2, pair ? 2 : 1);
    for (const ExpressionNode& argument : node.arguments) part.arguments.push_back(read(argument));
    if (f.decayed != nullptr) {
      part.number = decay_of(node.arguments[1]);
      part.arguments.pop_back();
    }
    const Part& first = part.arguments[0];
    if (f.over == RuleFunction::Over::losses) require_losses(node, part);
    if (f.over == RuleFunction::Over::time && !first.series) {
      text_.fail(node.arguments[0],
                 "got one number a loss in " + node.name + ", expected a series: a window()");
    }
    if (part.arguments.size() == 2 || f.each != nullptr || f.along != nullptr) {
      take_kind(node, part);
    }
    return part;
  }

  /// As its arguments are: a series where one is.
  void take_kind(const ExpressionNode& node, Part& part) {
    for (const Part& argument : part.arguments) {
      if (!argument.series) continue;
      if (part.series && part.steps != argument.steps) {
        const auto said = [](std::size_t steps) {
          return steps == 0 ? std::string("all") : std::to_string(steps);
        };
        text_.fail(node, "got series of " + said(part.steps) + " and " + said(argument.steps) +
                             " steps, expected the same of both");
      }
      part.series = true;
      part.steps = argument.steps;
    }
  }

  double decay_of(const ExpressionNode& node) {
    if (node.kind != Kind::number || !(node.number >= 0.0 && node.number < 1.0)) {
      text_.fail(node, "got '" + Expression::print(node) + "', expected a decay, 0 <= number < 1");
    }
    return node.number;
  }

  const Expression& text_;
  bool sees_ = false, has_posterior_ = false;
};

class ExpressionRule final : public WeightingRule {
 public:
  ExpressionRule(std::string_view text, const RuleContext& context)
      : text_(Expression::parse(text)) {
    Reading reading(text_);
    root_ = reading.whole();
    if (reading.has_posterior()) posterior_.emplace(context.initial);
    gather_needs(root_);
  }

  RuleNeeds needs() const override { return needs_; }

  std::vector<double> weights(const Signals& signals) override {
    const std::optional<Posterior> before = posterior_;
    try {
      Row weights;
      for (const Row& row : value(root_, signals)) weights.push_back(row.front());
      return weights;
    } catch (const NumericError&) {
      posterior_ = before;
      throw;
    }
  }

  // Those of what ends with being scaled: nobody need round them once more.
  bool sums_to_one() const override {
    return root_.function != nullptr && root_.function->over == RuleFunction::Over::losses;
  }

  std::vector<double> state() const override {
    return posterior_ ? posterior_->state() : std::vector<double>();
  }
  void load_state(const std::vector<double>& state) override {
    if (posterior_) return posterior_->load_state(state);
    WeightingRule::load_state(state);
  }

 private:
  using Value = std::vector<Row>;  // of each loss, its series or one number

  void gather_needs(const Part& part) {
    if (part.what == Part::What::loss)
      needs_.least_history = std::max<std::size_t>(needs_.least_history, 1);
    if (part.what == Part::What::window) {
      needs_.full_history = needs_.full_history || part.steps == 0;
      needs_.least_history = std::max(needs_.least_history, part.steps);
    }
    for (const Part& argument : part.arguments) gather_needs(argument);
  }

  Value value(const Part& part, const Signals& signals) {
    Value result = computed(part, signals);
    for (std::size_t k = 0; k < result.size(); ++k) {
      for (const double x : result[k]) {
        if (std::isfinite(x)) continue;
        const std::string got = std::isnan(x) ? "nan" : x > 0.0 ? "inf" : "-inf";
        throw NumericError(text_.where(part.at) + ": got " + got + " for loss " +
                           std::to_string(k) +
                           ", expected a finite number. Keep what it divides by, or takes the "
                           "logarithm of, above 0.");
      }
    }
    return result;
  }

  Value computed(const Part& part, const Signals& signals) {
    const std::size_t K = signals.history.losses();
    switch (part.what) {
      case Part::What::number:
        return Value(K, Row{part.number});
      case Part::What::loss:
        return one_a_loss(signals.history.latest());
      case Part::What::weights:
        return one_a_loss(signals.current);
      case Part::What::window: {
        Value windows;
        for (std::size_t k = 0; k < K; ++k) {
          Row all = signals.history.of(k);
          if (part.steps > 0)
            all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(part.steps));
          windows.push_back(std::move(all));
        }
        return windows;
      }
      case Part::What::posterior:
        return one_a_loss(posterior_->update(over_losses(value(part.arguments[0], signals))));
      case Part::What::function:
        break;
    }
    Value first = value(part.arguments[0], signals);
    if (part.arguments.size() == 2) {
      return number_by_number(*part.function, first, value(part.arguments[1], signals));
    }
    return of_one(part, std::move(first));
  }

  static Value of_one(const Part& part, Value value) {
    const RuleFunction& f = *part.function;
    if (f.each != nullptr) {
      for (Row& row : value) std::transform(row.begin(), row.end(), row.begin(), f.each);
      return value;
    }
    if (!part.arguments[0].series) {
      const Row row = over_losses(value);
      if (f.along != nullptr) return one_a_loss(f.along(row));
      return Value(value.size(), Row{f.reduce(row)});
    }
    for (Row& row : value) {
      if (f.along != nullptr) {
        row = f.along(std::move(row));
      } else {
        row = {f.decayed != nullptr ? f.decayed(row, part.number) : f.reduce(row)};
      }
    }
    return value;
  }

  /// What is one number a loss goes with every step of a series.
  static Value number_by_number(const RuleFunction& f, const Value& a, const Value& b) {
    Value result(a.size());
    for (std::size_t k = 0; k < a.size(); ++k) {
      for (std::size_t t = 0; t < std::max(a[k].size(), b[k].size()); ++t) {
        result[k].push_back(f.two(a[k][a[k].size() == 1 ? 0 : t], b[k][b[k].size() == 1 ? 0 : t]));
      }
    }
    return result;
  }

  static Value one_a_loss(const Row& values) {
    Value result;
    for (const double x : values) result.push_back({x});
    return result;
  }
  static Row over_losses(const Value& value) {
    Row row;
    for (const Row& each : value) row.push_back(each.front());
    return row;
  }

  Expression text_;
  Part root_;
  RuleNeeds needs_;
  std::optional<Posterior> posterior_;
};

}  // namespace

std::unique_ptr<WeightingRule> expression_rule(std::string_view text, const RuleContext& context) {
  return std::make_unique<ExpressionRule>(text, context);
}

}  // namespace dmf
