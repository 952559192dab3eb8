#include "losses/formula/loss_expression.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "engine/expression/expression.h"
#include "losses/kinds/class_weights.h"
#include "losses/overlap/cb_dice.h"

namespace dmf {
namespace {

using Kind = ExpressionNode::Kind;
using What = LossPart::What;

/// A function or operation: its value of numbers alone, which are worked out when it is read.
struct LossFunction {
  std::string_view name;
  What what;
  std::size_t arguments;
  double (*of)(double, double);
};

constexpr LossFunction kFunctions[] = {
    {"log", What::log, 1, [](double x, double) { return std::log(x); }},
    {"exp", What::exp, 1, [](double x, double) { return std::exp(x); }},
    {"sqrt", What::sqrt, 1, [](double x, double) { return std::sqrt(x); }},
    {"abs", What::abs, 1, [](double x, double) { return std::abs(x); }},
    {"pow", What::pow, 2, [](double x, double y) { return std::pow(x, y); }},
    {"min", What::min, 2, [](double x, double y) { return std::min(x, y); }},
    {"max", What::max, 2, [](double x, double y) { return std::max(x, y); }},
};
constexpr LossFunction kOperations[] = {
    {"+", What::add, 2, [](double x, double y) { return x + y; }},
    {"-", What::subtract, 2, [](double x, double y) { return x - y; }},
    {"*", What::multiply, 2, [](double x, double y) { return x * y; }},
    {"/", What::divide, 2, [](double x, double y) { return x / y; }},
    {"-", What::negate, 1, [](double x, double) { return -x; }},
};
constexpr std::pair<std::string_view, What> kSums[] = {
    {"tp", What::tp}, {"fp", What::fp}, {"fn", What::fn}, {"n", What::n}};

std::string with_underscores(std::string_view option) {
  std::string text(option);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

/// What a setting is called in parentheses: "gamma" is focal's focal-gamma, "smooth_nr" smooth-nr.
std::string key_of(const Setting& setting, const LossEntry& loss) {
  const std::string key = with_underscores(setting.name), prefix = std::string(loss.name) + "_";
  return key.starts_with(prefix) ? key.substr(prefix.size()) : key;
}

class Reading {
 public:
  explicit Reading(const Expression& text) : text_(text) {}

  LossExpression whole() {
    LossExpression all;
    all.root = read(text_.root());
    if (!moves_) {
      text_.fail(text_.root(), "got nothing to learn from, expected tp, fp, fn or a loss in it");
    }
    all.name = text_.text();
    all.uses = std::move(uses_);
    all.reads_sums = reads_sums_;
    return all;
  }

 private:
  LossPart read(const ExpressionNode& node) {
    switch (node.kind) {
      case Kind::number: {
        LossPart part;
        part.number = node.number;
        return part;
      }
      case Kind::name:
      case Kind::call:
        break;
      case Kind::list:
        text_.fail(node, "got a list, expected a number");
      case Kind::operation: {
        const auto found = std::find_if(
            std::begin(kOperations), std::end(kOperations), [&](const LossFunction& each) {
              return each.name == node.name && each.arguments == node.arguments.size();
            });
        return applied(node, *found);
      }
    }
    for (const LossEntry& entry : losses()) {
      if (entry.name == node.name) return loss(node, entry);
    }
    return node.kind == Kind::name ? sum_of_pixels(node) : call(node);
  }

  LossPart sum_of_pixels(const ExpressionNode& node) {
    for (const auto& [name, what] : kSums) {
      if (name != node.name) continue;
      LossPart part;
      part.what = what;
      part.by_class = reads_sums_ = true;
      moves_ = moves_ || what != What::n;
      return part;
    }
    text_.fail(node, "got '" + node.name +
                         "', expected tp, fp, fn, n or a loss: " + any_of_text(names_of(losses())));
  }

  LossPart call(const ExpressionNode& node) {
    if (node.name == "mean") return mean(node);
    for (const LossFunction& each : kFunctions) {
      if (each.name != node.name) continue;
      require_arguments(text_, node, each.arguments, each.arguments);
      return applied(node, each);
    }
    std::vector<std::string> known = names_of(kFunctions);
    known.emplace_back("mean");
    text_.fail(node, "got the function '" + node.name + "', expected " + any_of_text(known) +
                         ", or a loss: " + any_of_text(names_of(losses())));
  }

  LossPart applied(const ExpressionNode& node, const LossFunction& function) {
    LossPart part;
    part.what = function.what;
    bool numbers = true;
    for (const ExpressionNode& argument : node.arguments) {
      part.arguments.push_back(read(argument));
      numbers = numbers && part.arguments.back().what == What::number;
      part.by_class = part.by_class || part.arguments.back().by_class;
    }
    const LossPart& last = part.arguments.back();
    if (numbers) {
      LossPart result;
      result.number = function.of(part.arguments.front().number, last.number);
      if (!std::isfinite(result.number)) {
        text_.fail(node, "got what is not finite, expected a finite number");
      }
      return result;
    }
    if (part.what == What::divide && last.what == What::number && last.number == 0.0) {
      text_.fail(node, "got a division by 0, expected another number");
    }
    if (part.what == What::pow) {
      if (last.what != What::number) {
        text_.fail(node.arguments[1], "got an exponent that varies, expected a number");
      }
      part.number = last.number;
      part.arguments.pop_back();
    }
    return part;
  }

  LossPart mean(const ExpressionNode& node) {
    LossPart part;
    part.what = What::mean;
    for (std::size_t i = 1; i < node.arguments.size(); ++i) {
      const ExpressionNode& argument = node.arguments[i];
      if (argument.key != "balance" || argument.kind != Kind::name ||
          part.balance != ClassBalance::none) {
        text_.fail(argument, "got '" + Expression::print(argument) +
                                 "', expected one balance=complement or inverse_frequency");
      }
      part.balance = balance(argument);
    }
    if (node.arguments.empty() || !node.arguments[0].key.empty()) {
      text_.fail(node, "got no value in mean, expected one by class");
    }
    part.arguments.push_back(read(node.arguments[0]));
    if (!part.arguments[0].by_class) {
      text_.fail(node.arguments[0],
                 "got one number in mean, expected one a class: of tp, fp, fn or n");
    }
    return part;
  }

  ClassBalance balance(const ExpressionNode& node) {
    for (const auto& each : kClassBalances) {
      if (each.name == node.name) return each.value;
    }
    text_.fail(node, "got '" + node.name + "', expected " + any_of_text(names_of(kClassBalances)));
  }

  LossPart loss(const ExpressionNode& node, const LossEntry& entry) {
    LossPart part;
    part.what = What::loss;
    part.loss = &entry;
    std::vector<Setting> known = entry.settings;
    for (const Setting& setting : class_weight_settings()) known.push_back(setting);
    LossExpression::Use use{&entry, {}};
    for (const ExpressionNode& argument : node.arguments) {
      const auto found = std::find_if(known.begin(), known.end(), [&](const Setting& setting) {
        return key_of(setting, entry) == argument.key;
      });
      if (found == known.end()) {
        std::vector<std::string> keys;
        for (const Setting& setting : known) keys.push_back(key_of(setting, entry));
        text_.fail(argument, (argument.key.empty() ? std::string("got no setting")
                                                   : "got the setting '" + argument.key + "'") +
                                 " of " + node.name + ", expected " + any_of_text(keys));
      }
      if (std::find(use.own.begin(), use.own.end(), found->name) != use.own.end()) {
        text_.fail(argument, "got a second " + argument.key + ", expected one");
      }
      part.settings.emplace_back(found->name, value(argument, *found));
      use.own.push_back(found->name);
    }
    uses_.push_back(std::move(use));
    moves_ = true;
    return part;
  }

  Setting::Value value(const ExpressionNode& node, const Setting& setting) {
    Setting::Value value;
    if (std::holds_alternative<std::vector<double>>(setting.initial)) {
      std::vector<double> list;
      if (node.kind == Kind::list) {
        for (const ExpressionNode& each : node.arguments) list.push_back(number(each, setting));
      } else {
        list.push_back(number(node, setting));
      }
      value = std::move(list);
    } else if (std::holds_alternative<double>(setting.initial)) {
      value = number(node, setting);
    } else if (node.kind != Kind::name) {
      text_.fail(node,
                 "got '" + Expression::print(node) + "' as " + node.key + ", expected a word");
    } else if (std::holds_alternative<bool>(setting.initial)) {
      if (node.name != "true" && node.name != "false") {
        text_.fail(node, "got '" + node.name + "' as " + node.key + ", expected true or false");
      }
      value = node.name == "true";
    } else {
      value = node.name;
    }
    if (const std::string problem = setting.problem(value); !problem.empty()) {
      text_.fail(node, problem + " as " + node.key);
    }
    return value;
  }

  double number(const ExpressionNode& node, const Setting& setting) {
    LossPart part;
    if (node.kind != Kind::list && node.kind != Kind::name) part = read(node);
    if (node.kind == Kind::list || node.kind == Kind::name || part.what != What::number) {
      text_.fail(node, "got '" + Expression::print(node) + "' for " + setting.name +
                           ", expected a number");
    }
    return part.number;
  }

  const Expression& text_;
  std::vector<LossExpression::Use> uses_;
  bool reads_sums_ = false, moves_ = false;
};

}  // namespace

bool LossExpression::on_counts() const {
  return reads_sums ||
         std::any_of(uses.begin(), uses.end(), [](const Use& use) { return use.loss->on_counts; });
}

bool LossExpression::balances() const {
  const std::function<bool(const LossPart&)> in = [&](const LossPart& part) {
    return part.balance != ClassBalance::none ||
           std::any_of(part.arguments.begin(), part.arguments.end(), in);
  };
  return in(root);
}

LossExpression LossExpression::parse(std::string_view text) {
  const Expression expression = Expression::parse(text);
  const ExpressionNode& root = expression.root();
  const bool is_sum = std::any_of(std::begin(kSums), std::end(kSums),
                                  [&](const auto& each) { return each.first == root.name; });
  if (root.kind == Kind::name && !is_sum) entry_named(losses(), root.name, "loss");
  return Reading(expression).whole();
}

}  // namespace dmf
