#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/core/check.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "engine/optim/optimizers.h"
#include "engine/optim/schedule.h"
#include "engine/optim/weight_average.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;
using V = Variable<double>;

V scalar(double value) {
  return V(Tensor<double>::scalar(value), true);
}

/// Sets the gradient of a leaf.
void give(const V& p, double gradient) {
  p.zero_grad();
  p.backward(Tensor<double>::full(p.shape(), gradient));
}

}  // namespace

TEST_CASE("sgd: momentum and Nesterov follow a trajectory computed by hand") {
  const V p = scalar(1.0);
  const auto sgd = make_sgd<double>({{"p", p}}, {0.5, 0.0, false});
  for (const double expected : {0.9, 0.75, 0.575}) {  // velocity 1, 1.5, 1.75
    give(p, 1.0);
    sgd->step(0.1);
    CHECK(p.value().item() == Approx(expected).epsilon(1e-14));
  }
  const V q = scalar(1.0);
  const auto nesterov = make_sgd<double>({{"q", q}}, {0.5, 0.0, true});
  for (const double expected : {0.85, 0.675}) {  // g + 0.5 velocity: 1.5, 1.75
    give(q, 1.0);
    nesterov->step(0.1);
    CHECK(q.value().item() == Approx(expected).epsilon(1e-14));
  }
  const V r = scalar(2.0);
  const auto decayed = make_sgd<double>({{"r", r}}, {0.0, 0.5, false});
  give(r, 1.0);
  decayed->step(0.1);
  CHECK(r.value().item() == Approx(1.8).epsilon(1e-14));  // gradient 1 + 0.5 * 2
}

TEST_CASE("adam: the first step is the learning rate; weight decay is coupled or decoupled") {
  for (const bool decoupled : {false, true}) {
    const V p = scalar(2.0);
    AdamOptions options;
    options.weight_decay = 0.1;
    options.decoupled = decoupled;
    const auto adam = make_adam<double>({{"p", p}}, options);
    give(p, 3.0);
    adam->step(0.01);
    const double expected = decoupled ? 2.0 * (1 - 0.001) - 0.01 : 2.0 - 0.01;
    CHECK(p.value().item() == Approx(expected).epsilon(1e-8));
  }
}

TEST_CASE_TEMPLATE("adam: the square root is the one that IEEE 754 rounds", S, float, double) {
  // A step is lr * g / sqrt(g * g) here, exactly lr where g * g and its root are exact; Eigen's own
  // estimate of a root is a unit or more off, and differently on each maker's processor.
  constexpr Index kMany = 4096;
  Tensor<S> gradient(Shape{kMany});
  for (Index i = 0; i < kMany; ++i) gradient.data()[i] = static_cast<S>(i + 1);
  const Variable<S> p(Tensor<S>::zeros(Shape{kMany}), true);
  AdamOptions options;
  options.beta1 = options.beta2 = 0.0;
  options.eps = 1e-30;
  const auto adam = make_adam<S>({{"p", p}}, options);
  p.backward(gradient);
  adam->step(1.0);
  for (Index i = 0; i < kMany; ++i) CHECK(p.value().data()[i] == S{-1});
}

TEST_CASE(
    "optimizer: state round trip continues the same trajectory; parameters without gradient rest") {
  const V p = scalar(1.0), idle = scalar(5.0);
  const auto adam = make_adam<double>({{"p", p}, {"idle", idle}}, {});
  for (int i = 0; i < 3; ++i) {
    give(p, 1.0 + i);
    adam->step(0.1);
  }
  CHECK(idle.value().item() == 5.0);
  const V p2 = scalar(p.value().item()), idle2 = scalar(5.0);
  const auto again = make_adam<double>({{"p", p2}, {"idle", idle2}}, {});
  again->load_state(adam->state());
  give(p, 0.3);
  give(p2, 0.3);
  adam->step(0.1);
  again->step(0.1);
  CHECK(p.value().item() == p2.value().item());
  const auto other = make_adam<double>({{"other", scalar(1.0)}}, {});
  CHECK_THROWS_WITH_AS(other->load_state(adam->state()), Contains("has no other.m"), ShapeError);
}

TEST_CASE("optimizer: options outside their range are refused") {
  CHECK_THROWS_WITH_AS(make_sgd<double>({}, {1.0, 0.0, false}), Contains("[sgd] momentum 1"),
                       ValueError);
  AdamOptions bad;
  bad.beta2 = 1.0;
  CHECK_THROWS_WITH_AS(make_adam<double>({}, bad), Contains("[adam] beta1 0.9, beta2 1"),
                       ValueError);
}

TEST_CASE("optimizer: a limit on the norm scales all gradients by one factor, only when needed") {
  for (const double max_norm : {10.0, 1.0}) {
    const V a = scalar(0.0), b = scalar(0.0);
    const auto sgd = make_sgd<double>({{"a", a}, {"b", b}}, {0.0, 0.0, false});
    give(a, 3.0);
    give(b, 4.0);
    CHECK(sgd->step(1.0, max_norm));
    CHECK(sgd->gradient_norm() == 5.0);
    CHECK(a.value().item() == Approx(max_norm == 1.0 ? -0.6 : -3.0));
    CHECK(b.value().item() == Approx(max_norm == 1.0 ? -0.8 : -4.0));
  }
}

TEST_CASE("optimizer: a gradient that is not finite changes nothing and counts as no step") {
  const V a = scalar(1.0), b = scalar(2.0);
  const auto adam = make_adam<double>({{"a", a}, {"b", b}}, {});
  give(a, 1.0);
  give(b, std::numeric_limits<double>::infinity());
  CHECK(!adam->step(0.1));
  CHECK(!std::isfinite(adam->gradient_norm()));
  CHECK(adam->steps() == 0);
  CHECK(a.value().item() == 1.0);
  CHECK(adam->state().moments.at("a.m").item() == 0.0);
}

TEST_CASE("optimizers: each goes downhill; its settings are those that it is made with") {
  const auto after_ten_steps = [](std::string_view name, const Settings& settings) {
    const Variable<float> x(Tensor<float>::full(Shape{1}, 2.0f), true);
    const auto optimizer = entry_named(optimizers(), name, "optimizer").make({{"x", x}}, settings);
    for (int step = 0; step < 10; ++step) {
      optimizer->zero_grad();
      // Near its minimum, where the pull of a decay is not in proportion to the gradient: Adam does
      // not see a factor.
      const Variable<float> off = x + -1.95;
      sum(off * off).backward();
      optimizer->step(0.01);
    }
    return x.value().item();
  };
  for (const OptimizerEntry& entry : optimizers()) {
    CAPTURE(entry.name);
    CHECK(after_ten_steps(entry.name, Settings(entry.settings)) < 1.995f);
    for (const Setting& setting : entry.settings) {
      Settings other = optimizer_settings();
      if (setting.name == "nesterov") {
        other.set("nesterov", true);
      } else {
        other.set(setting.name, 0.25);
      }
      CHECK(after_ten_steps(entry.name, other) !=
            after_ten_steps(entry.name, optimizer_settings()));
    }
  }
  Settings decay = optimizer_settings();
  decay.set("weight-decay", 0.25);
  CHECK(after_ten_steps("adam", decay) != after_ten_steps("adamw", decay));
}

TEST_CASE("learning rate: warm-up, cosine, polynomial and their ends") {
  LearningRate constant;
  constant.base = 0.1;
  CHECK(constant.at(0) == 0.1);
  CHECK(constant.at(1000000) == 0.1);
  const LearningRate cosine{LearningRate::Shape::cosine, 1.0, 3, 14, 0.1};
  CHECK(cosine.at(0) == Approx(0.25));
  CHECK(cosine.at(2) == Approx(0.75));
  CHECK(cosine.at(3) == Approx(1.0));
  CHECK(cosine.at(8) == Approx(0.55));  // half way
  CHECK(cosine.at(13) == Approx(0.1));
  CHECK(cosine.at(99) == Approx(0.1));
  const LearningRate polynomial{LearningRate::Shape::polynomial, 2.0, 1, 12, 0.0};
  CHECK(polynomial.at(0) == Approx(1.0));
  CHECK(polynomial.at(1) == Approx(2.0));
  CHECK(polynomial.at(6) == Approx(1.0717734625));  // 2 * 0.5^0.9
  CHECK(polynomial.at(11) == 0.0);
  CHECK(polynomial.at(99) == 0.0);
}

TEST_CASE("weight average: moving by hand, swaps there and back") {
  const V p = scalar(1.0);
  const auto buffer = Tensor<double>::scalar(4.0);
  WeightAverage<double> ema({{"p", p}}, {{"b", buffer}});
  p.value().fill(2.0);
  ema.update(ema_decay(0.9, ema.updates()));  // min(0.9, 1/10): 0.1 * 1 + 0.9 * 2
  CHECK(ema.averages().at("p").item() == Approx(1.9));
  ema.swap();
  CHECK(p.value().item() == Approx(1.9));
  CHECK(buffer.item() == 4.0);
  ema.swap();
  CHECK(p.value().item() == 2.0);
  CHECK(ema_decay(0.9, 79) == Approx(80.0 / 89.0));
  CHECK(ema_decay(0.9, 80) == 0.9);
}

TEST_CASE("weight average: the plain mean of what was taken in, without what it began as") {
  const V p = scalar(100.0);
  WeightAverage<double> mean({{"p", p}}, {});
  for (const double value : {1.0, 5.0, 9.0, -3.0}) {
    p.value().fill(value);
    mean.update(mean_decay(mean.updates()));
  }
  CHECK(mean.averages().at("p").item() == Approx(3.0));
  CHECK(mean.updates() == 4);
}

}  // namespace dmf
