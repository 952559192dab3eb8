#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "losses/registry.h"

namespace dmf {

/// A part of a loss that is written as a formula, its names known and its kinds fitting.
struct LossPart {
  enum class What : std::uint8_t {
    number,
    tp,
    fp,
    fn,
    n,     // pixels of the class
    loss,  // one of the table
    mean,  // over groups and classes
    add,
    subtract,
    multiply,
    divide,
    negate,
    log,
    exp,
    sqrt,
    abs,
    pow,  // to the constant `number`
    min,
    max,
  };
  What what = What::number;
  bool by_class = false;  // one number a class and group, else one
  double number = 0.0;
  ClassBalance balance = ClassBalance::none;  // of a mean
  const LossEntry* loss = nullptr;
  std::vector<std::pair<std::string, Setting::Value>> settings = {};  // of the loss, given with it
  std::vector<LossPart> arguments = {};
};

/// A loss as it is named: one of the table, or a formula made of these and of the sums over pixels:
/// "0.5*focal(gamma=1) + 0.5*tversky", "1 - (2*tp+1)/(2*tp+fp+fn+1)".
///
///   tp, fp, fn, n      of each class (in each image, where losses are per image) against all others:
///                      soft counts, and the pixels that carry its label, a constant
///   cce, focal(gamma=1, alpha=[0.25, 0.75])
///                      a loss of the table, with settings of its own in place of the options': by
///                      their options' names, `_` for `-`, without the loss's name
///   + - * /            as log exp sqrt abs, pow(x, NUMBER), min(x, y), max(x, y), class by class
///   mean(x)            over groups and classes, weighed as in the losses that count;
///   mean(x, balance=complement)
///                      with the classes weighed as cb_dice weighs them
///
/// What is left by class is a mean in the end. Nothing is clamped: what is divided by 0, as by the
/// pixels of an absent class, is not finite, which require_gradient() finds before a training begins.
struct LossExpression {
  struct Use {
    const LossEntry* loss;
    std::vector<std::string> own;  // names of settings given with it
  };

  LossPart root;
  std::string name;       // as written, but for blanks
  std::vector<Use> uses;  // of losses of the table, from the left
  bool reads_sums;        // tp, fp, fn or n by itself

  /// Whether it, or a loss in it, is made of the counts of classes, so that the background can be left
  /// out.
  bool on_counts() const;
  /// Whether a mean in it weighs the classes by how rare they are.
  bool balances() const;
  /// Whether it is more than the name of a loss of the table.
  bool is_formula() const { return root.what != LossPart::What::loss || name != root.loss->name; }

  /// throws  ValueError, one line: for a single name that is no loss listing them, else naming the
  ///         character
  static LossExpression parse(std::string_view text);
};

}  // namespace dmf
