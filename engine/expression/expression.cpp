#include "engine/expression/expression.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "engine/core/errors.h"
#include "engine/core/settings.h"

namespace dmf {
namespace {

using Kind = ExpressionNode::Kind;

constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kShown = 60;  // letters of a text in a message

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// A part of a text in a message: one line, not too long, around a place.
std::string shown(std::string_view text, std::size_t at) {
  const std::size_t from = at > kShown / 2 && text.size() > kShown ? at - kShown / 2 : 0;
  const std::string_view part = text.substr(std::min(from, text.size()), kShown);
  std::string safe = from > 0 ? "'..." : "'";
  for (const char c : part) {
    safe += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f ? '?' : c;
  }
  return safe + (from + part.size() < text.size() ? "...'" : "'");
}

std::string place(std::string_view text, std::size_t at) {
  return "[expression] " + shown(text, at) + " at character " + std::to_string(at + 1);
}
[[noreturn]] void fail_at(std::string_view text, std::size_t at, const std::string& problem) {
  throw ValueError(place(text, at) + ": " + problem + ".");
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  ExpressionNode whole() {
    if (text_.size() > Expression::kMostLetters) {
      fail_at(text_, Expression::kMostLetters,
              "got " + std::to_string(text_.size()) + " letters, expected at most " +
                  std::to_string(Expression::kMostLetters));
    }
    ExpressionNode root = sum(0);
    skip_blanks();
    if (at_ < text_.size()) fail("an operator or the end");
    return root;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  /// The next letter that is no blank; 0 at the end.
  char peek() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void fail(const std::string& expected) {
    std::string got = "the end";
    if (at_ < text_.size()) {
      std::size_t end = at_ + 1;
      const auto goes_on = [](char c) { return begins_name(c) || is_digit(c) || c == '.'; };
      while (goes_on(text_[at_]) && end < text_.size() && goes_on(text_[end])) ++end;
      got = shown(text_.substr(at_, end - at_), 0);
    }
    fail_at(text_, at_, "got " + got + ", expected " + expected);
  }

  ExpressionNode made(Kind kind, std::size_t at) {
    if (++nodes_ > Expression::kMostNodes) {
      fail_at(text_, at,
              "got more than " + std::to_string(Expression::kMostNodes) + " parts, expected fewer");
    }
    ExpressionNode node;
    node.kind = kind;
    node.at = at;
    return node;
  }
  ExpressionNode operation(std::size_t at, std::vector<ExpressionNode> arguments) {
    ExpressionNode node = made(Kind::operation, at);
    node.name = text_[at];
    node.arguments = std::move(arguments);
    return node;
  }

  /// Operations of one rank, from the left.
  template <class Part>
  ExpressionNode chain(std::string_view signs, const Part& part) {
    ExpressionNode left = part();
    while (peek() != '\0' && signs.find(peek()) != std::string_view::npos) {
      const std::size_t at = at_++;
      std::vector<ExpressionNode> both;
      both.push_back(std::move(left));
      both.push_back(part());
      left = operation(at, std::move(both));
    }
    return left;
  }
  ExpressionNode sum(std::size_t depth) {
    return chain("+-", [&] { return product(depth); });
  }
  ExpressionNode product(std::size_t depth) {
    return chain("*/", [&] { return factor(depth); });
  }

  ExpressionNode factor(std::size_t depth) {
    const char next = peek();
    if (depth == Expression::kDeepest) {
      fail_at(text_, at_,
              "got more than " + std::to_string(Expression::kDeepest) +
                  " parts within each other, expected fewer");
    }
    if (next == '-') {
      const std::size_t at = at_++;
      std::vector<ExpressionNode> one;
      one.push_back(factor(depth + 1));
      return operation(at, std::move(one));
    }
    if (is_digit(next) || next == '.') return number();
    if (begins_name(next)) return name_or_call(depth);
    if (take('(')) {
      ExpressionNode inside = sum(depth + 1);
      if (!take(')')) fail("an operator or ')'");
      return inside;
    }
    fail("a number, a name or '('");
  }

  ExpressionNode number() {
    ExpressionNode node = made(Kind::number, at_);
    const auto [end, problem] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), node.number);
    // Too small a number is out of range too, and no text of a number begins with a sign here.
    if (problem != std::errc() || !std::isfinite(node.number)) fail("a finite number");
    at_ = static_cast<std::size_t>(end - text_.data());
    return node;
  }

  std::string word() {
    const std::size_t from = at_;
    while (at_ < text_.size() && (begins_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }

  ExpressionNode name_or_call(std::size_t depth) {
    ExpressionNode node = made(Kind::name, at_);
    node.name = word();
    if (!take('(')) return node;
    node.kind = Kind::call;
    if (take(')')) return node;
    do {
      node.arguments.push_back(argument(depth + 1));
    } while (take(','));
    if (!take(')')) fail("an operator, a comma or ')'");
    return node;
  }

  ExpressionNode argument(std::size_t depth) {
    std::string key;
    if (begins_name(peek())) {
      const std::size_t from = at_;
      key = word();
      if (!take('=')) {
        key.clear();
        at_ = from;
      }
    }
    ExpressionNode value = !key.empty() && peek() == '[' ? list(depth) : sum(depth);
    value.key = std::move(key);
    return value;
  }

  ExpressionNode list(std::size_t depth) {
    ExpressionNode node = made(Kind::list, at_++);
    do {
      node.arguments.push_back(sum(depth + 1));
    } while (take(','));
    if (!take(']')) fail("an operator, a comma or ']'");
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0, nodes_ = 0;
};

/// How tightly a node holds together: a sum 1, a product 2, all else 3.
int rank_of(const ExpressionNode& node) {
  if (node.kind != Kind::operation || node.arguments.size() == 1) return 3;
  return node.name == "+" || node.name == "-" ? 1 : 2;
}

void print_into(std::string& text, const ExpressionNode& node);

void print_within(std::string& text, const ExpressionNode& part, int least) {
  const bool enclosed = rank_of(part) < least;
  if (enclosed) text += '(';
  print_into(text, part);
  if (enclosed) text += ')';
}

void print_all(std::string& text, const std::vector<ExpressionNode>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) text += ',';
    if (!arguments[i].key.empty()) text.append(arguments[i].key).push_back('=');
    print_into(text, arguments[i]);
  }
}

void print_into(std::string& text, const ExpressionNode& node) {
  switch (node.kind) {
    case Kind::number:
      text += shortest(node.number);
      return;
    case Kind::name:
      text += node.name;
      return;
    case Kind::call:
      text.append(node.name).push_back('(');
      print_all(text, node.arguments);
      text += ')';
      return;
    case Kind::list:
      text += '[';
      print_all(text, node.arguments);
      text += ']';
      return;
    case Kind::operation:
      break;
  }
  const bool single = node.arguments.size() == 1;
  if (!single) print_within(text, node.arguments[0], rank_of(node));
  text += node.name;
  print_within(text, node.arguments.back(), single ? 3 : rank_of(node) + 1);
}

}  // namespace

Expression Expression::parse(std::string_view text) {
  Expression expression;
  expression.root_ = Parser(text).whole();
  expression.source_ = text;
  std::copy_if(text.begin(), text.end(), std::back_inserter(expression.text_),
               [](char c) { return kBlanks.find(c) == std::string_view::npos; });
  return expression;
}

std::string Expression::print(const ExpressionNode& node) {
  std::string text;
  print_into(text, node);
  return text;
}

std::string Expression::where(std::size_t at) const {
  return place(source_, at);
}

void Expression::fail(const ExpressionNode& node, const std::string& problem) const {
  fail_at(source_, node.at, problem);
}

void require_arguments(const Expression& in, const ExpressionNode& call, std::size_t least,
                       std::size_t most) {
  for (const ExpressionNode& argument : call.arguments) {
    if (!argument.key.empty()) {
      in.fail(argument, "got " + argument.key + "=, expected no argument by name in " + call.name);
    }
  }
  const std::size_t count = call.arguments.size();
  if (count >= least && count <= most) return;
  std::string wanted = std::to_string(least);
  if (most > least) wanted += most == least + 1 ? " or " + std::to_string(most) : " or more";
  in.fail(call, "got " + std::to_string(count) + (count == 1 ? " argument" : " arguments") +
                    " of " + call.name + ", expected " + wanted);
}

}  // namespace dmf
