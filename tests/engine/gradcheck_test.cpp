#include <doctest/doctest.h>

#include <set>

#include "engine/ops/elementwise.h"
#include "tests/cases/op_case.h"
#include "tests/support/gradcheck.h"

namespace dmf {

TEST_CASE(
    "gradients: every op agrees with central differences, by fast kernels and by plain ones") {
  for (const Device device : {Device::cpu(), Device::reference()}) {
    CAPTURE(device.str());
    for (const OpCase& each : all_op_cases()) {
      Rng rng(42);
      std::vector<Variable<double>> inputs = each.inputs_on(device, rng);
      const GradcheckResult result =
          gradcheck(each.str(), inputs, [&] { return each.forward(inputs); });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
      CHECK_MESSAGE(result.excluded == 0, each.str());
      CHECK_MESSAGE(result.checked > 0, each.str());
    }
  }
}

TEST_CASE("gradients: every op of the list has a case") {
  std::set<Op> covered;
  for (const auto& each : all_op_cases()) covered.insert(each.op);
  for (std::size_t op = 0; op < std::size(kOpNames); ++op) {
    CHECK_MESSAGE(covered.contains(static_cast<Op>(op)), kOpNames[op]);
  }
}

TEST_CASE(
    "gradients: the check itself notices a wrong gradient, a missing one and too many kinks") {
  struct Wrong final : Node<double> {
    explicit Wrong(Slots inputs) : Node<double>(Op::affine, std::move(inputs)) {}
    void backward(const Tensor<double>& dy) override { accumulate(0, dy); }  // not twice dy
  };
  Rng rng(1);
  std::vector<Variable<double>> inputs = {
      Variable<double>(Tensor<double>::full(Shape{3}, 0.5), true)};
  const auto doubled_wrongly = [&] {
    Tensor<double> y = inputs[0].value().clone();
    for (double& v : y.span()) v *= 2.0;
    return record<Wrong>(y, {inputs[0]});
  };
  CHECK(gradcheck("wrong", inputs, doubled_wrongly).failure.find("wrong: input 0 element 0 [0]") ==
        0);

  const auto constant = [&] {
    return record<Wrong>(Tensor<double>::full(Shape{3}, 1.0), {inputs[0]});
  };
  CHECK_FALSE(gradcheck("constant", inputs, constant).failure.empty());

  // relu at 0 for one of eight elements: more than 2 % lie at a kink.
  Tensor<double> values = Tensor<double>::full(Shape{8}, 0.5);
  values.data()[3] = 0.0;
  std::vector<Variable<double>> at_a_kink = {Variable<double>(values, true)};
  const auto result = gradcheck("relu", at_a_kink, [&] { return relu(at_a_kink[0]); });
  CHECK(result.excluded == 1);
  CHECK(result.failure.find("more than 2 %") != std::string::npos);
}

}  // namespace dmf
