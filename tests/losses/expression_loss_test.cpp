#include "losses/formula/expression_loss.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/evaluate.h"
#include "losses/formula/gradient_check.h"
#include "tests/support/gradcheck.h"
#include "tests/support/random_tensor.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// The sums of two classes in one group, as a loss sees them: TP 6 3, FP 1 2, FN 2 1.
double of_sums(const std::string& text, const Settings& settings = loss_settings()) {
  const auto row = [](double a, double b) {
    return Variable<double>(Tensor<double>::from(std::vector<double>{a, b}, Shape{1, 2}));
  };
  const Tensor<double> pixels = Tensor<double>::from(std::vector<double>{8.0, 4.0}, Shape{1, 2});
  const auto loss = make_loss<double>(text, settings);
  return loss->from({{row(6, 3), row(1, 2), row(2, 1)}, {}, pixels}).value().item();
}

std::string problem_of(const std::string& text) {
  try {
    make_loss<double>(text);
  } catch (const ValueError& problem) {
    return problem.what();
  }
  return "none";
}
std::string refusal_of(const std::string& text, Index classes = 2) {
  try {
    require_gradient(*make_loss<double>(text), classes);
  } catch (const ValueError& problem) {
    return problem.what();
  }
  return "none";
}

/// Value and gradient of a loss on a drawn batch.
template <class S>
struct Taken {
  S value;
  Tensor<S> gradient;

  Taken(const std::string& text, const Settings& settings, Reduction reduction) {
    Rng rng(91);
    const Variable<S> logits(random_tensor<S>(Shape{3, 7, 5, 3}, rng, -3, 3), true);
    const Labels labels(random_labels(Shape{3, 7, 5}, 3, rng), 3);
    const auto loss = make_loss<S>(text, settings);
    const Variable<S> taken = evaluate_loss(*loss, logits, labels, reduction);
    taken.backward();
    value = taken.value().item();
    gradient = logits.grad();
  }
  bool operator==(const Taken& other) const {
    return std::memcmp(&value, &other.value, sizeof(S)) == 0 &&
           std::memcmp(gradient.data(), other.gradient.data(),
                       sizeof(S) * static_cast<std::size_t>(gradient.numel())) == 0;
  }
};

Settings with(const std::vector<std::pair<std::string, Setting::Value>>& values) {
  Settings settings = loss_settings();
  for (const auto& [name, value] : values) settings.set(name, value);
  return settings;
}

}  // namespace

TEST_CASE("expression losses: every name and function, by hand") {
  const auto mean = [](double first, double second) { return 0.5 * (first + second); };
  CHECK(of_sums("tp") == mean(6, 3));
  CHECK(of_sums("tp-fp*fn/2") == mean(5, 2));
  CHECK(of_sums("tp+0*n") == mean(6, 3));
  CHECK(of_sums("n+0*tp") == mean(8, 4));
  CHECK(of_sums("1-tp") == mean(-5, -2));
  CHECK(of_sums("-tp*2--fp") == mean(-11, -4));
  CHECK(of_sums("tp-1+(2-fp)") == mean(6, 2));
  CHECK(of_sums("12/tp") == mean(2, 4));
  CHECK(of_sums("tp/3") == mean(2, 1));
  CHECK(of_sums("log(exp(tp))") == Approx(mean(6, 3)).epsilon(1e-14));
  CHECK(of_sums("sqrt(tp*tp)") == Approx(mean(6, 3)).epsilon(1e-14));
  CHECK(of_sums("abs(fp-fn)") == mean(1, 1));
  CHECK(of_sums("pow(tp,2)") == mean(36, 9));
  CHECK(of_sums("pow(tp,1/2)*pow(tp,-.5)") == Approx(1.0).epsilon(1e-14));
  CHECK(of_sums("min(fp,fn)") == mean(1, 1));
  CHECK(of_sums("max(fp,fn)") == mean(2, 2));
  CHECK(of_sums("max(4,tp)") == mean(6, 4));
  CHECK(of_sums("min(tp,4)") == mean(4, 3));
  // One number goes with that of every class.
  CHECK(of_sums("log(mean(tp)+0.5)") == Approx(std::log(5.0)).epsilon(1e-14));
  CHECK(of_sums("tp/mean(tp)") == Approx(1.0).epsilon(1e-14));
  CHECK(of_sums("mean(tp)*fp") == mean(4.5, 9));
  CHECK(of_sums("mean(fp/tp)/mean(tp)") == Approx((1.0 / 6 + 2.0 / 3) / 9).epsilon(1e-14));
  // Classes are weighed as in the losses that count; complement: each by the other's share.
  CHECK(of_sums("tp", with({{"class-weights", std::vector<double>{1.0, 2.0}}})) ==
        Approx(4.0).epsilon(1e-14));
  CHECK(of_sums("tp", with({{"exclude-background", true}})) == 3.0);
  CHECK(of_sums("mean(tp,balance=complement)") == Approx((4 * 6 + 8 * 3) / 12.0).epsilon(1e-14));
  CHECK(of_sums("1+2*3-8/4*tp") == mean(-5, 1));
}

// eq. (17), (18), (20), (21) to (25)
TEST_CASE_TEMPLATE(
    "expression losses: the losses that count, written so, are the built-in ones to the bit", S,
    float, double) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"mean_dice", "1-mean(2*tp/(2*tp+(fp+fn)+1e-7))"},
      {"mean_iou", "1-mean(tp/(tp+(fp+fn)+1e-7))"},
      {"tversky", "1-mean((tp+1e-7)/(tp+(0.7*fp+0.3*fn)+1e-7))"},
      {"cb_dice", "1-mean(2*tp/(2*tp+(fp+fn)+1e-7),balance=complement)"},
      {"cb_dice(balance=inverse_frequency)",
       "1-mean(2*tp/(2*tp+(fp+fn)+1e-7),balance=inverse_frequency)"}};
  const std::vector<Settings> all = {loss_settings(), with({{"exclude-background", true}}),
                                     with({{"class-weights", std::vector<double>{0.3, 1.1, 2.7}}})};
  for (const auto& each : pairs) {
    CAPTURE(each.first);
    for (const Settings& settings : all) {
      for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
        CHECK(Taken<S>(each.second, settings, reduction) ==
              Taken<S>(each.first, settings, reduction));
      }
    }
  }
  // Others' bits where the formula is another.
  CHECK(!(Taken<S>("1-mean(2*tp/(2*tp+(fp+fn)+1e-3))", all[0], Reduction::batch) ==
          Taken<S>("mean_dice", all[0], Reduction::batch)));
}

TEST_CASE_TEMPLATE("expression losses: settings in parentheses are the options', to the bit", S,
                   float, double) {
  const auto same = [](const std::string& text, const std::string& name,
                       const std::vector<std::pair<std::string, Setting::Value>>& values) {
    CAPTURE(text);
    CHECK(Taken<S>(text, loss_settings(), Reduction::image) ==
          Taken<S>(name, with(values), Reduction::image));
  };
  same("focal(gamma=1)", "focal", {{"focal-gamma", 1.0}});
  same("focal(alpha=0.5, gamma=3/2)", "focal",
       {{"focal-alpha", std::vector<double>{0.5}}, {"focal-gamma", 1.5}});
  same("focal(alpha=[0.1,0.2,0.7])", "focal",
       {{"focal-alpha", std::vector<double>{0.1, 0.2, 0.7}}});
  same("tversky(alpha=0.3,beta=0.7)", "tversky", {{"tversky-alpha", 0.3}, {"tversky-beta", 0.7}});
  same("mean_dice(smooth_nr=1,smooth_dr=1)", "mean_dice", {{"smooth-nr", 1.0}, {"smooth-dr", 1.0}});
  same("mean_dice(exclude_background=true)", "mean_dice", {{"exclude-background", true}});
  same("cce(class_weights=[1,2,3])", "cce", {{"class-weights", std::vector<double>{1, 2, 3}}});
  // They go before the options', which stay as they are for the others.
  const Settings other = with({{"focal-gamma", 4.0}});
  CHECK(Taken<S>("focal(gamma=1)", other, Reduction::batch) ==
        Taken<S>("focal", with({{"focal-gamma", 1.0}}), Reduction::batch));
  CHECK(Taken<S>("focal()", other, Reduction::batch) == Taken<S>("focal", other, Reduction::batch));
}

TEST_CASE("expression losses: gradients of all functions, losses and formulas mixed") {
  for (const char* text :
       {"1-(2*tp+1)/(2*tp+fp+fn+1)", "log(tp+1)*exp(-fp/(n+1))", "sqrt(tp+1)-abs(fp-fn)",
        "pow(fp+fn,1.5)/(n+1)", "max(fp,fn)/min(n+1,tp+2)", "-log(mean((tp+1)/(n+1)))",
        "0.5*focal(gamma=1)+0.5*tversky(alpha=0.3,beta=0.7)", "cce*(1-tp/(tp+fp+fn+1))",
        "(1-tp/(n+1))/(cce+1)", "pow(1-mean(2*tp/(2*tp+fp+fn)),0.75)",
        "max(cce,mean_dice)-0.1*tp/(n+1)", "mean(fp/(n+1),balance=complement)+min(0.3,focal)"}) {
    for (const Reduction reduction : {Reduction::batch, Reduction::image}) {
      Rng rng(92);
      std::vector<Variable<double>> inputs = {
          Variable<double>(random_tensor<double>(Shape{2, 4, 5, 3}, rng, -2, 2), true)};
      const Labels labels(random_labels(Shape{2, 4, 5}, 3, rng), 3);
      const auto loss = make_loss<double>(text);
      const auto result = gradcheck(
          text, inputs, [&] { return evaluate_loss(*loss, inputs[0], labels, reduction); });
      CHECK_MESSAGE(result.failure.empty(), result.failure);
      CHECK(refusal_of(text, 3) == "none");
    }
  }
}

TEST_CASE("expression losses: absent classes, micro average and pixels as the built-in losses") {
  Rng rng(93);
  const Tensor<double> logits = random_tensor<double>(Shape{2, 4, 5, 3}, rng, -2, 2);
  Tensor<std::int32_t> of_two = random_labels(Shape{2, 4, 5}, 2, rng);  // class 2 is absent
  const Labels labels(of_two, 3);
  const auto value = [&](const std::string& text, const Settings& settings) {
    return evaluate_loss(*make_loss<double>(text, settings), Variable<double>(logits), labels,
                         Reduction::image)
        .value()
        .item();
  };
  const std::string dice = "1-(2*tp+0.5)/(2*tp+(fp+fn)+0.25)";
  for (const char* absent : {"penalise_fp", "zero", "skip"}) {
    for (const char* average : {"macro", "micro"}) {
      Settings settings = loss_settings();
      settings.set("absent-class", std::string(absent));
      settings.set("class-average", std::string(average));
      settings.set("class-weights", std::vector<double>{1.0, 2.0, 3.0});
      settings.set("smooth-nr", 0.5);
      settings.set("smooth-dr", 0.25);
      CHECK(value(dice, settings) == Approx(value("mean_dice", settings)).epsilon(1e-14));
    }
  }
  Settings micro = loss_settings();
  micro.set("class-average", std::string("micro"));
  CHECK_THROWS_WITH_AS(value("mean(fp/(n+1),balance=complement)", micro),
                       Contains("weighs the classes by how rare they are"), ValueError);
  const Settings plain = loss_settings();
  CHECK(value("0.5*lovasz_softmax+cce", plain) ==
        Approx(0.5 * value("lovasz_softmax", plain) + value("cce", plain)));
  CHECK(refusal_of("0.5*lovasz_softmax+cce", 3) == "none");
}

TEST_CASE("expression losses: an error says at which character, what is there and what could be") {
  const auto check = [](const std::string& text, int character, const std::string& problem) {
    CHECK(problem_of(text) == "[expression] '" + text + "' at character " +
                                  std::to_string(character) + ": " + problem + ".");
  };
  const std::string losses = any_of_text(names_of(dmf::losses()));
  const std::string of_focal =
      "gamma, alpha, exclude_background, class_weights, absent_class or class_average";
  CHECK(problem_of("dice").starts_with("[loss] got 'dice', expected cce, mean_iou"));
  check("1-dice", 3, "got 'dice', expected tp, fp, fn, n or a loss: " + losses);
  check("sin(tp)", 1,
        "got the function 'sin', expected log, exp, sqrt, abs, pow, min, max or mean, or a loss: " +
            losses);
  check("n/2", 2, "got nothing to learn from, expected tp, fp, fn or a loss in it");
  check("1", 1, "got nothing to learn from, expected tp, fp, fn or a loss in it");
  check("tp/0", 3, "got a division by 0, expected another number");
  check("tp+1/0", 5, "got what is not finite, expected a finite number");
  check("tp*log(0)", 4, "got what is not finite, expected a finite number");
  check("tp+sqrt(-1)", 4, "got what is not finite, expected a finite number");
  check("pow(2,tp)", 7, "got an exponent that varies, expected a number");
  check("pow(tp)", 1, "got 1 argument of pow, expected 2");
  check("log(tp,fp)", 1, "got 2 arguments of log, expected 1");
  check("min(tp)", 1, "got 1 argument of min, expected 2");
  check("exp(x=tp)", 7, "got x=, expected no argument by name in exp");
  check("mean()", 1, "got no value in mean, expected one by class");
  check("mean(cce)", 6, "got one number in mean, expected one a class: of tp, fp, fn or n");
  check("mean(tp,fp)", 9, "got 'fp', expected one balance=complement or inverse_frequency");
  check("mean(tp,balance=other)", 17, "got 'other', expected complement or inverse_frequency");
  check("tp(1)", 1,
        "got the function 'tp', expected log, exp, sqrt, abs, pow, min, max or mean, or a loss: " +
            losses);
  check("focal(beta=1)", 12, "got the setting 'beta' of focal, expected " + of_focal);
  check("focal(1)", 7, "got no setting of focal, expected " + of_focal);
  check("focal(gamma=1,gamma=2)", 21, "got a second gamma, expected one");
  check("focal(gamma=-1)", 13, "got -1, expected >= 0 as gamma");
  check("focal(gamma=[1,2])", 13, "got '[1,2]' for focal-gamma, expected a number");
  check("focal(gamma=tp)", 13, "got 'tp' for focal-gamma, expected a number");
  check("focal(gamma=1+tp)", 14, "got '1+tp' for focal-gamma, expected a number");
  check("focal(alpha=[1,cce])", 16, "got 'cce' for focal-alpha, expected a number");
  check("cb_dice(balance=both)", 17,
        "got 'both', expected complement or inverse_frequency as balance");
  check("cb_dice(balance=1)", 17, "got '1' as balance, expected a word");
  check("cce(exclude_background=yes)", 24,
        "got 'yes' as exclude_background, expected true or false");
  check("cce+*tp", 5, "got '*', expected a number, a name or '('");
}

TEST_CASE(
    "expression losses: before a training the gradient is compared, kinks and ties left alone") {
  for (const char* sound : {"min(tp,fp)", "min(tp,tp)", "abs(tp+fn-n)+tp", "max(0,tp-30)",
                            "abs(fp-fp)+fp", "pow(tp/(n+1)+1,30)", "log(tp+1e-7)", "1e9+tp",
                            "1e-6*cce", "cce", "0.5*focal+0.5*tversky", "tp*1e12"}) {
    CHECK_MESSAGE(refusal_of(sound) == "none", refusal_of(sound));
  }
  const std::string advice =
      ": expected a finite number. Add one to what it divides by, or takes the logarithm of.";
  CHECK(refusal_of("1-tp/(tp+fn)") ==
        "[loss] '1-tp/(tp+fn)': its value is nan where a class is absent from the labels" + advice);
  CHECK(refusal_of("-log(tp)") ==
        "[loss] '-log(tp)': its value is inf where a class is absent from the labels" + advice);
  CHECK(refusal_of("exp(100*tp)") == "[loss] 'exp(100*tp)': its value is inf" + advice);
  CHECK(refusal_of("tp/(fp-fp)") == "[loss] 'tp/(fp-fp)': its value is inf" + advice);
  CHECK(
      refusal_of("max(0,tp-1000)") ==
      "[loss] 'max(0,tp-1000)': its gradient is 0: expected a loss that something can be learnt from.");
  CHECK(refusal_of("0*cce") ==
        "[loss] '0*cce': its gradient is 0: expected a loss that something can be learnt from.");
}

TEST_CASE("expression losses: a gradient that is wrong is refused with the largest deviation") {
  struct Wrong final : Loss<double> {
    std::string name_ = "wrong";
    const std::string& name() const override { return name_; }
    LossNeeds needs(Index) const override { return {true, {}}; }
    Variable<double> from(const LossInputs<double>& inputs) const override {
      return sum(inputs.counts.tp) + sum(inputs.counts.fp) + sum(3.0 * inputs.counts.fn.detach());
    }
  };
  CHECK_THROWS_WITH_AS(
      require_gradient(Wrong(), 2),
      "[loss] 'wrong': its gradient differs by 3 from differences of its values: got 1, expected -2 to -2.",
      ValueError);
}

TEST_CASE("expression losses: at a kink any slope between those of the sides is right") {
  // The larger of TP and what TP is where the gradient is asked for: 0 to the left, 1 to the right.
  struct Kinked final : Loss<double> {
    std::string name_ = "kinked";
    mutable Tensor<double> kink_;
    double slope_;
    explicit Kinked(double slope) : slope_(slope) {}
    const std::string& name() const override { return name_; }
    LossNeeds needs(Index) const override { return {true, {}}; }
    Variable<double> from(const LossInputs<double>& inputs) const override {
      if (!kink_.defined()) kink_ = inputs.counts.tp.value().clone();
      const Variable<double> larger =
          maximum(inputs.counts.tp, Variable<double>(kink_));  // its own slope is 1
      return sum(slope_ * larger) + sum((1.0 - slope_) * larger.detach());
    }
  };
  CHECK_NOTHROW(require_gradient(Kinked(1.0), 1));
  CHECK_NOTHROW(require_gradient(Kinked(0.25), 1));
  CHECK_THROWS_WITH_AS(require_gradient(Kinked(1.5), 1), Contains("differs by 0.5"), ValueError);
}

TEST_CASE("expression losses: what a formula uses, and what it is called") {
  const LossExpression mixed = LossExpression::parse(" 0.5*focal( gamma = 1) + tversky/2 ");
  CHECK(mixed.name == "0.5*focal(gamma=1)+tversky/2");
  CHECK(mixed.is_formula());
  CHECK(mixed.uses.size() == 2);
  CHECK(mixed.uses[0].own == std::vector<std::string>{"focal-gamma"});
  CHECK(mixed.uses[1].own.empty());
  CHECK(mixed.on_counts());
  CHECK(!LossExpression::parse("cce*2").on_counts());
  CHECK(LossExpression::parse("fp").on_counts());
  CHECK(!LossExpression::parse(" cce ").is_formula());
  CHECK(LossExpression::parse("cce()").is_formula());
  CHECK(make_loss<float>("1 - tp")->name() == "1-tp");
  // Class weights that fit what has its own are enough.
  const Settings two = with({{"class-weights", std::vector<double>{1.0, 2.0}}});
  CHECK_NOTHROW(make_loss<double>("2*cce(class_weights=[1,2,3])", two)->needs(3));
  CHECK_THROWS_AS(make_loss<double>("tp+cce(class_weights=[1,2,3])", two)->needs(3), ShapeError);
}

}  // namespace dmf
