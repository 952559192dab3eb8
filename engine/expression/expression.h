#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// A part of an expression that has been read, and where it stood.
struct ExpressionNode {
  enum class Kind : std::uint8_t {
    number,
    name,       // tp
    call,       // log(tp): the arguments
    operation,  // + - * / of two arguments, or - of one
    list,       // [1, 2]: of numbers, as the value of an argument that has a name
  };
  Kind kind = Kind::number;
  std::size_t at = 0;  // its first letter in the text, of an operation its sign, from 0
  double number = 0.0;
  std::string name = {};  // of a name or call; the sign of an operation
  std::string key = {};   // of an argument that is given by name: `gamma` in focal(gamma=1)
  std::vector<ExpressionNode> arguments = {};
};

/// A formula as text, taken apart. What its names and functions mean is not known here: who evaluates
/// it says so, and refuses others by fail().
///
///   sum      = product { ("+" | "-") product }
///   product  = factor { ("*" | "/") factor }
///   factor   = "-" factor | number | name [ "(" [ argument { "," argument } ] ")" ] | "(" sum ")"
///   argument = [ name "=" ] sum | name "=" "[" sum { "," sum } "]"
///
/// Read by descent, without a library: one would have to be told the same limits and messages, and
/// dmf::fusion links nothing that is not its own.
///
/// Operations of one rank go from the left. Blanks mean nothing. Not a byte of the text is trusted: at
/// most kMostLetters of it, kMostNodes parts and kDeepest parts within parts.
class Expression {
 public:
  static constexpr std::size_t kMostLetters = 4096, kMostNodes = 1024, kDeepest = 64;

  /// throws  ValueError as fail() does, for what is no expression
  static Expression parse(std::string_view text);

  const ExpressionNode& root() const { return root_; }
  /// As written, but for blanks.
  const std::string& text() const { return text_; }

  /// In as few parentheses as mean the same; parse() reads the same tree from it.
  static std::string print(const ExpressionNode& node);

  /// "[expression] 'a+*b' at character 3", of a longer text the letters around it.
  ///
  /// at  as ExpressionNode::at
  std::string where(std::size_t at) const;
  /// throws  ValueError, one line: "[expression] 'a+*b' at character 3: PROBLEM."
  [[noreturn]] void fail(const ExpressionNode& node, const std::string& problem) const;

 private:
  std::string source_;  // with its blanks: characters are counted in it
  std::string text_;
  ExpressionNode root_;
};

/// "log takes 1 argument": the count of a call's arguments, none of them by name.
///
/// throws  ValueError as fail() does for another count
void require_arguments(const Expression& in, const ExpressionNode& call, std::size_t least,
                       std::size_t most);

}  // namespace dmf
