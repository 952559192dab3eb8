#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "dmf/gram_rules/gram_rules.h"
#include "dmf/gram_rules/weighting_rules.h"
#include "tests/support/rule_steps.h"

// What holds of every rule there is.

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

/// A rule, or one of its forms.
struct Form {
  std::string rule, setting = {};
  Setting::Value value = false;
};

/// Every rule, once more for every value of a setting that is a choice or a flag.
std::vector<Form> forms() {
  std::vector<Form> all;
  for (const RuleEntry& entry : weighting_rules()) {
    all.push_back({std::string(entry.name)});
    for (const Setting& setting : entry.settings) {
      for (const std::string& choice : setting.choices) {
        all.push_back({std::string(entry.name), setting.name, choice});
      }
      if (std::holds_alternative<bool>(setting.initial)) {
        all.push_back({std::string(entry.name), setting.name, true});
      }
    }
  }
  return all;
}

FusionSpec spec_of(const Form& form) {
  FusionSpec spec = published(form.rule, 3);
  spec.history_size = 4;
  spec.history_size_max = 6;
  spec.rule = rule_settings();
  if (!form.setting.empty()) spec.rule.set(form.setting, form.value);
  spec.rule.set("stch-warmup", std::int64_t{3});
  return spec;
}

Row losses_at(int t) {
  return {1.0 / (t + 1), 0.5 + 0.4 * std::sin(t), 2.0 * std::exp(-0.1 * t)};
}
Gram gram_at(int t) {
  const double c = 0.3 * std::cos(t), s = 1.0 + 0.5 * std::sin(2.0 * t);
  return gram_of({{s, c, .1}, {c, .5, -.2 * c}, {.1, -.2 * c, .25 / s}});
}

/// Steps from t on, to `end`.
std::vector<Row> steps(Fusion& fusion, int t, int end) {
  std::vector<Row> weights;
  for (; t < end; ++t) {
    const Gram gram = gram_at(t);
    weights.push_back(fusion.step(losses_at(t), &gram).weights);
    if (fusion.needs().losses_after_update) fusion.losses_after(losses_at(t + 1));
  }
  return weights;
}

}  // namespace

TEST_CASE("weighting rules: saved after ten steps of twenty, every rule goes on in the same bits") {
  for (const Form& form : forms()) {
    CAPTURE(form.rule);
    CAPTURE(form.setting);
    const FusionSpec spec = spec_of(form);
    Fusion whole(spec, weighting_rules()), first(spec, weighting_rules());
    const std::vector<Row> expected = steps(whole, 0, 20);
    steps(first, 0, 10);
    Fusion resumed(spec, weighting_rules());
    resumed.load_state(first.state());
    CHECK(resumed.state().rule == first.state().rule);
    const std::vector<Row> rest = steps(resumed, 10, 20);
    for (std::size_t t = 0; t < 10; ++t) CHECK(rest[t] == expected[10 + t]);
    CHECK(resumed.state().rule == whole.state().rule);
    const std::vector<Row> again =
        trajectory(spec, weighting_rules(), {losses_at(0)}, {gram_at(0)});
    CHECK(again[0] == expected[0]);
  }
}

TEST_CASE("weighting rules: a state of another size is refused by every rule, in one line") {
  for (const RuleEntry& entry : weighting_rules()) {
    CAPTURE(entry.name);
    const auto rule = entry.make({{0.5, 0.5}, 1, 2}, Settings(entry.settings));
    std::vector<double> state = rule->state();
    state.push_back(1.0);
    CHECK_THROWS_AS(rule->load_state(state), ValueError);
    state.clear();
    if (!rule->state().empty()) CHECK_THROWS_AS(rule->load_state(state), ValueError);
  }
}

TEST_CASE("weighting rules: what says that it sums to 1 does, and a fusion scales the rest to it") {
  for (const Form& form : forms()) {
    CAPTURE(form.rule);
    CAPTURE(form.setting);
    FusionSpec spec = spec_of(form);
    // softadapt's authors add 1e-8 to the sum
    const double slack = form.rule == "softadapt" ? 1e-7 : 1e-12;
    const RuleEntry& entry = entry_named(weighting_rules(), form.rule, "rule");
    const bool sums = entry.make({{0.2, 0.3, 0.5}, 1, 2}, spec.rule)->sums_to_one();
    Fusion own(spec, weighting_rules());
    const std::vector<Row> published_weights = steps(own, 0, 20);
    spec.scale = WeightScale::one;
    spec.negative = NegativeWeights::clamp;
    spec.averaging = 0.3;
    spec.largest_change = 0.05;
    Fusion scaled_to_one(spec, weighting_rules());
    const std::vector<Row> used = steps(scaled_to_one, 0, 20);
    for (std::size_t t = 0; t < 20; ++t) {
      const Row& w = published_weights[t];
      if (sums) CHECK(std::accumulate(w.begin(), w.end(), 0.0) == Approx(1.0).epsilon(slack));
      CHECK(std::accumulate(used[t].begin(), used[t].end(), 0.0) == Approx(1.0).epsilon(slack));
      CHECK(*std::min_element(used[t].begin(), used[t].end()) >= 0.0);
    }
  }
}

TEST_CASE("weighting rules: losses of any size, 0 among them, give weights that sum to 1") {
  for (const RuleEntry& entry : weighting_rules()) {
    CAPTURE(entry.name);
    FusionSpec spec = spec_of({std::string(entry.name)});
    spec.scale = WeightScale::one;
    spec.negative = NegativeWeights::clamp;
    spec.history_size = 1;
    Fusion fusion(spec, weighting_rules());
    for (int t = 0; t < 200; ++t) {
      const Row values = {std::pow(10.0, t % 17 - 8), t % 5 * 1.0, t % 3 == 0 ? 0.0 : 1e8};
      Gram gram(3);
      for (std::size_t k = 0; k < 3; ++k) gram(k, k) = values[k] * values[k];
      const Row w = fusion.step(values, &gram).weights;
      if (fusion.needs().losses_after_update) fusion.losses_after(values);
      REQUIRE(std::accumulate(w.begin(), w.end(), 0.0) ==
              Approx(1.0).epsilon(entry.name == "softadapt" ? 1.1e-8 : 1e-12));
      REQUIRE(*std::min_element(w.begin(), w.end()) >= 0.0);
    }
  }
}

TEST_CASE("weighting rules: where every gradient is 0 the weights in force stay") {
  const Gram none(3);
  for (const RuleEntry& entry : gram_rules()) {
    CAPTURE(entry.name);
    FusionSpec spec = spec_of({std::string(entry.name)});
    spec.scale = WeightScale::one;
    Fusion fusion(spec, weighting_rules());
    const Gram gram = gram_at(1);
    const Row before = fusion.step(losses_at(0), &gram).weights;
    CHECK(fusion.step(losses_at(1), &none).weights == before);
  }
}

TEST_CASE("weighting rules: names are unique, settings begin with their rule's name") {
  std::set<std::string_view> names;
  for (const RuleEntry& entry : weighting_rules()) {
    CHECK(names.insert(entry.name).second);
    std::string prefix(entry.name.substr(0, entry.name.find('_')));
    if (entry.name.ends_with("_ramp")) prefix = "ramp";
    for (const Setting& setting : entry.settings) {
      CHECK_MESSAGE(setting.name.starts_with(prefix + "-"), setting.name);
    }
  }
  FusionSpec spec = published("mgda", 2);
  CHECK_THROWS_WITH_AS(Fusion{spec}, Contains("got 'mgda', expected variance, mad"), ValueError);
}

}  // namespace dmf
