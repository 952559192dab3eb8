#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dmf/fusion.h"
#include "dmf/make_rule.h"
#include "engine/expression/expression.h"
#include "losses/evaluate.h"
#include "losses/registry.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Calls what may refuse the text: by an error of one line.
template <class Try>
void attempt(const Try& body) {
  const auto one_line = [](const std::exception& problem) {
    require(std::string_view(problem.what()).find_first_of("\r\n") == std::string_view::npos);
  };
  try {
    body();
  } catch (const dmf::ValueError& problem) {
    one_line(problem);
  } catch (const dmf::NumericError& problem) {
    one_line(problem);
  } catch (const dmf::ShapeError& problem) {
    one_line(problem);
  }
}

void read(std::string_view text) {
  const dmf::Expression expression = dmf::Expression::parse(text);
  const std::string printed = dmf::Expression::print(expression.root());
  if (printed.size() > dmf::Expression::kMostLetters) return;  // 1e99 has more letters, written out
  require(dmf::Expression::print(dmf::Expression::parse(printed).root()) == printed);
}

void weigh(std::string_view text) {
  dmf::FusionSpec spec;
  spec.losses = {"a", "b"};
  spec.weighting = text;
  spec.history_size = 2;
  spec.history_size_max = 4;
  dmf::Fusion fusion(spec);
  for (int t = 0; t < 5; ++t) {
    double sum = 0.0;
    for (const double weight : fusion.step(std::vector<double>{0.5 + t, 2.0 / (t + 1)}).weights) {
      require(std::isfinite(weight) && weight >= 0.0);
      sum += weight;
    }
    require(std::abs(sum - 1.0) < 1e-6);
    if (fusion.needs().losses_after_update) fusion.losses_after(std::vector<double>{0.4, 0.3});
  }
}

template <class S>
void lose(std::string_view text) {
  const dmf::Labels labels(
      dmf::Tensor<std::int32_t>::from(std::vector<std::int32_t>{0, 1, 1, 0}, dmf::Shape{1, 2, 2}),
      2);
  const dmf::Variable<S> logits(
      dmf::Tensor<S>::from(std::vector<S>{2, -1, 0, 1, 1, 0, 3, -2}, dmf::Shape{1, 2, 2, 2}), true);
  const auto loss = dmf::make_loss<S>(text);
  const dmf::Variable<S> value = dmf::evaluate_loss(*loss, logits, labels);
  require(value.shape() == dmf::Shape{1});
  value.backward();
  require(logits.grad().shape() == logits.shape());
}

}  // namespace

// Any text is a formula, which is printed and read again as the same, a weighting whose weights are
// finite and sum to 1, a loss that has a gradient; or an error of one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  attempt([&] { read(text); });
  attempt([&] { weigh(text); });
  attempt([&] { lose<float>(text); });
  attempt([&] { lose<double>(text); });
  return 0;
}
