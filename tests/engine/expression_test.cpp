#include "engine/expression/expression.h"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/core/errors.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

using Kind = ExpressionNode::Kind;

/// All parentheses that could be, so that a tree is seen.
std::string tree(const ExpressionNode& node) {
  if (node.kind != Kind::operation) return Expression::print(node);
  if (node.arguments.size() == 1) return "(" + node.name + tree(node.arguments[0]) + ")";
  return "(" + tree(node.arguments[0]) + node.name + tree(node.arguments[1]) + ")";
}
std::string tree(std::string_view text) {
  return tree(Expression::parse(text).root());
}

/// What each name is worth: its first letter's code.
double value(const ExpressionNode& node) {
  const auto of = [&](std::size_t i) { return value(node.arguments[i]); };
  switch (node.kind) {
    case Kind::number:
      return node.number;
    case Kind::name:
      return node.name[0];
    case Kind::call:
    case Kind::list: {
      double sum = 0.5;
      for (std::size_t i = 0; i < node.arguments.size(); ++i) sum = 0.5 * sum + of(i);
      return sum;
    }
    case Kind::operation:
      break;
  }
  if (node.arguments.size() == 1) return -of(0);
  if (node.name == "+") return of(0) + of(1);
  if (node.name == "-") return of(0) - of(1);
  return node.name == "*" ? of(0) * of(1) : of(0) / of(1);
}

ExpressionNode drawn(Rng& rng, int depth) {
  ExpressionNode node;
  const auto kind = depth == 0 ? rng.below(2) : rng.below(6);
  if (kind == 0) {
    node.number = std::ldexp(rng.uniform(0.0, 1.0), static_cast<int>(rng.below(80)) - 40);
  } else if (kind == 1) {
    node.kind = Kind::name;
    node.name = std::string(1, static_cast<char>('a' + rng.below(26))) + "_1";
  } else if (kind == 2) {
    node.kind = Kind::call;
    node.name = "f";
    for (std::uint64_t i = rng.below(4); i > 0; --i) {
      node.arguments.push_back(drawn(rng, depth - 1));
      if (rng.below(3) == 0) node.arguments.back().key = "key";
    }
  } else {
    node.kind = Kind::operation;
    node.name = std::string(1, "+-*/-"[rng.below(5)]);
    node.arguments.push_back(drawn(rng, depth - 1));
    if (node.name != "-" || rng.below(2) == 0) node.arguments.push_back(drawn(rng, depth - 1));
  }
  return node;
}

bool same(const ExpressionNode& a, const ExpressionNode& b) {
  if (a.kind != b.kind || a.number != b.number || a.name != b.name || a.key != b.key ||
      a.arguments.size() != b.arguments.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.arguments.size(); ++i) {
    if (!same(a.arguments[i], b.arguments[i])) return false;
  }
  return true;
}

std::string problem_of(std::string_view text) {
  try {
    Expression::parse(text);
  } catch (const ValueError& problem) {
    return problem.what();
  }
  return "none";
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("expressions: products before sums, from the left, a minus before both") {
  CHECK(tree("a+b*c") == "(a+(b*c))");
  CHECK(tree("a-b-c") == "((a-b)-c)");
  CHECK(tree("a/b/c*d") == "(((a/b)/c)*d)");
  CHECK(tree("a-(b-c)") == "(a-(b-c))");
  CHECK(tree("-a*b") == "((-a)*b)");
  CHECK(tree("-(a*b)") == "(-(a*b))");
  CHECK(tree("a--b") == "(a-(-b))");
  CHECK(tree("a*--b") == "(a*(-(-b)))");
  CHECK(tree("1-(2*tp+1)/(2*tp+fp+fn+1)") == "(1-(((2*tp)+1)/((((2*tp)+fp)+fn)+1)))");
  CHECK(value(Expression::parse("7-2*3-.5e1/4").root()) == 7 - 2 * 3 - 1.25);
}

TEST_CASE("expressions: text is what was written but for blanks, numbers read back the same") {
  const Expression expression = Expression::parse(" 0.50 * focal( gamma=1,\talpha = [1, -2e-1])");
  CHECK(expression.text() == "0.50*focal(gamma=1,alpha=[1,-2e-1])");
  CHECK(Expression::print(expression.root()) == "0.5*focal(gamma=1,alpha=[1,-0.2])");
  const ExpressionNode& call = expression.root().arguments[1];
  CHECK(call.at == 8);
  CHECK(call.arguments[1].key == "alpha");
  CHECK(call.arguments[1].kind == Kind::list);
  CHECK(Expression::parse("f()").root().arguments.empty());
}

TEST_CASE("expressions: a drawn tree, printed and read, is the same tree of the same value") {
  Rng rng(81);
  for (int round = 0; round < 2000; ++round) {
    const ExpressionNode node = drawn(rng, 5);
    const std::string text = Expression::print(node);
    if (text.size() > Expression::kMostLetters) continue;
    const ExpressionNode again = Expression::parse(text).root();
    CHECK_MESSAGE(same(node, again), text);
    const double expected = value(node), got = value(again);
    CHECK((got == expected || (std::isnan(got) && std::isnan(expected))));
  }
}

TEST_CASE(
    "expressions: an error is one line that says at which character, what is there and what could be") {
  const auto at = [](const std::string& where, const std::string& problem) {
    return "[expression] " + where + ": " + problem + ".";
  };
  const std::string part = "expected a number, a name or '('";
  CHECK(problem_of("") == at("'' at character 1", "got the end, " + part));
  CHECK(problem_of("cce+") == at("'cce+' at character 5", "got the end, " + part));
  CHECK(problem_of("a + *b") == at("'a + *b' at character 5", "got '*', " + part));
  CHECK(problem_of("+a") == at("'+a' at character 1", "got '+', " + part));
  CHECK(problem_of("2cce") ==
        at("'2cce' at character 2", "got 'cce', expected an operator or the end"));
  CHECK(problem_of("a b") ==
        at("'a b' at character 3", "got 'b', expected an operator or the end"));
  CHECK(problem_of("a)") == at("'a)' at character 2", "got ')', expected an operator or the end"));
  CHECK(problem_of("(a") == at("'(a' at character 3", "got the end, expected an operator or ')'"));
  CHECK(problem_of("f(a;b)") ==
        at("'f(a;b)' at character 4", "got ';', expected an operator, a comma or ')'"));
  CHECK(problem_of("f(a,)") == at("'f(a,)' at character 5", "got ')', " + part));
  CHECK(problem_of("f(a=[1 2])") ==
        at("'f(a=[1 2])' at character 8", "got '2', expected an operator, a comma or ']'"));
  CHECK(problem_of("[1]") == at("'[1]' at character 1", "got '[', " + part));
  CHECK(problem_of("1e999*a") ==
        at("'1e999*a' at character 1", "got '1e999', expected a finite number"));
  CHECK(problem_of(".") == at("'.' at character 1", "got '.', expected a finite number"));
  CHECK(problem_of("a\n+b") ==
        at("'a?+b' at character 2", "got '?', expected an operator or the end"));
  CHECK(problem_of(std::string_view("a\0", 2)) ==
        at("'a?' at character 2", "got '?', expected an operator or the end"));
  CHECK(problem_of(repeated("a+", 50) + "?") ==
        at("'..." + repeated("a+", 15) + "?' at character 101", "got '?', " + part));
  CHECK(problem_of("?" + repeated("+a", 50)) ==
        at("'?" + repeated("+a", 29) + "+...' at character 1", "got '?', " + part));
}

TEST_CASE("expressions: how long, how many parts and how deep are limited") {
  const std::size_t deepest = Expression::kDeepest;
  for (const char* each : {"(", "-", "f("}) {
    const std::string open = each, close = open == "-" ? "" : ")";
    CHECK(problem_of(repeated(open, deepest - 1) + "a" + repeated(close, deepest - 1)) == "none");
    CHECK(problem_of(repeated(open, deepest) + "a" + repeated(close, deepest))
              .ends_with("got more than 64 parts within each other, expected fewer."));
    CHECK(problem_of(repeated(open, 2000)).ends_with("within each other, expected fewer."));
  }
  CHECK(problem_of("a" + repeated("+a", 511)) == "none");
  CHECK(
      problem_of("a" + repeated("+a", 512)).ends_with("got more than 1024 parts, expected fewer."));
  CHECK(problem_of(std::string(4095, ' ') + "a") == "none");
  CHECK(problem_of(std::string(1 << 20, ' ') + "a")
            .ends_with("at character 4097: got 1048577 letters, expected at most 4096."));
}

TEST_CASE("expressions: a call with another count of arguments is refused") {
  const Expression call = Expression::parse("1+f(a,b)");
  const ExpressionNode& node = call.root().arguments[1];
  CHECK_NOTHROW(require_arguments(call, node, 2, 2));
  CHECK_NOTHROW(require_arguments(call, node, 0, 9));
  const auto problem = [&](std::size_t least, std::size_t most) -> std::string {
    try {
      require_arguments(call, node, least, most);
    } catch (const ValueError& error) {
      return error.what();
    }
    return "none";
  };
  const std::string begin =
      "[expression] '1+f(a,b)' at character 3: got 2 arguments of f, expected ";
  CHECK(problem(1, 1) == begin + "1.");
  CHECK(problem(0, 1) == begin + "0 or 1.");
  CHECK(problem(3, 9) == begin + "3 or more.");
  const Expression named = Expression::parse("f(a,b=1)");
  CHECK_THROWS_WITH_AS(
      require_arguments(named, named.root(), 2, 2),
      "[expression] 'f(a,b=1)' at character 7: got b=, expected no argument by name in f.",
      ValueError);
}

}  // namespace dmf
