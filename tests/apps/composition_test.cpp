#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/core/check.h"
#include "tests/support/augmented_samples.h"

// Compositions as texts: what is read, written and refused.

namespace dmf {

TEST_CASE("composition: what is not set has its default; names stand for what they mean") {
  CHECK(parse_composition("none").uses.empty());
  CHECK(parse_composition("none").text() == "none");
  CHECK(parse_composition("flips").text() == "flip(p=0.5, axis=horizontal)");
  CHECK(parse_composition("flip").text() == "flip(p=0.5, axis=horizontal)");
  CHECK(parse_composition(" flip ( p = 1 ,axis=vertical ) ").text() == "flip(p=1, axis=vertical)");
  CHECK(parse_composition("flip()").text() == parse_composition("flip").text());
  CHECK(parse_composition("strong").text() ==
        "flip(p=0.5, axis=horizontal), affine(p=0.8, rotate=-20:20, scale=0.75:1.35, "
        "shift=-0.1:0.1, shear=-5:5, outside=black), brightness(p=0.3, factor=0.75:1.25), "
        "contrast(p=0.3, factor=0.75:1.25), gamma(p=0.3, exponent=0.7:1.5, inverted=0.1), "
        "blur(p=0.1, sigma=0.5:1), low_resolution(p=0.15, zoom=0.5:1), noise(p=0.1, "
        "sigma=0:0.05)");
  CHECK(parse_composition("strong, shadow(p=0.2)")
            .text()
            .starts_with(parse_composition("strong").text() + ", shadow(p=0.2, strength=0.25:0.8"));
  // Geometric transforms come first; the others keep their order.
  CHECK(parse_composition("noise, flip, blur").text() ==
        parse_composition("flip, noise, blur").text());
  CHECK(parse_composition("noise, blur").text() != parse_composition("blur, noise").text());
  // A range of one number is that number.
  CHECK(parse_composition("noise(sigma=0.1:0.1)").text() == "noise(p=0.1, sigma=0.1)");
  CHECK(parse_composition("gamma, gamma, gamma").uses[2].occurrence == 2);
  for (const NamedComposition& named : named_compositions()) {
    CHECK(is_named_composition(named.name));
    for (const Transform* transform : transforms()) CHECK(transform->name != named.name);
  }
  CHECK_FALSE(is_named_composition("flips, noise"));
  CHECK(augmentation_help().find("strong: flips") != std::string::npos);
  for (const Transform* transform : transforms()) {
    CHECK(augmentation_help().find(transform->name) != std::string::npos);
  }
}

TEST_CASE("composition: text of any composition reads back as the same") {
  Rng rng(4);
  const auto number_in = [&rng](const Range& range) {
    const double least = std::isfinite(range.least) ? range.least : -100.0;
    const double most = std::isfinite(range.most) ? range.most : 100.0;
    return rng.uniform(least, most);
  };
  for (int round = 0; round < 200; ++round) {
    std::string text;
    const std::string outside = rng.coin() ? "black" : "reflect";
    for (std::uint64_t k = 0, count = 1 + rng.below(6); k < count; ++k) {
      const Transform& transform = *transforms()[rng.below(transforms().size())];
      text += std::string(text.empty() ? "" : ",") + std::string(transform.name) + "(";
      for (const TransformSetting& setting : settings_of(transform)) {
        std::string value;
        if (std::holds_alternative<std::vector<double>>(setting.initial)) {
          const double a = number_in(setting.range), b = number_in(setting.range);
          value = shortest(std::min(a, b)) + ":" + shortest(std::max(a, b));
        } else if (std::holds_alternative<double>(setting.initial)) {
          value = shortest(number_in(setting.range));
        } else if (std::holds_alternative<std::int64_t>(setting.initial)) {
          value = std::to_string(static_cast<int>(number_in(setting.range)));
        } else {
          value = setting.name == "outside" ? outside
                                            : setting.choices[rng.below(setting.choices.size())];
        }
        text += (text.back() == '(' ? "" : ",") + setting.name + "=" + value;
      }
      text += ")";
    }
    const Composition read = parse_composition(text);
    const std::string written = read.text();
    CHECK(parse_composition(written).text() == written);
    const Sample sample = random_sample(5, 6, 1, static_cast<std::uint64_t>(round));
    CHECK(after(sample, text).image.pixels == after(sample, written).image.pixels);
  }
}

TEST_CASE("composition: every default of a transform is one that it takes") {
  std::set<std::string_view> names;
  for (const Transform* transform : transforms()) {
    CHECK(names.insert(transform->name).second);
    CHECK_FALSE(transform->help.empty());
    for (const TransformSetting& setting : settings_of(*transform)) {
      CHECK_MESSAGE(setting.problem(setting.initial).empty(), transform->name, " ", setting.name);
      CHECK_FALSE(setting.help.empty());
      const bool is_word = std::holds_alternative<std::string>(setting.initial);
      CHECK(is_word == !setting.choices.empty());
    }
  }
}

TEST_CASE("composition: what is wrong, at which character, and what could be there") {
  const auto refused = [](const std::string& text, const std::string& message) {
    try {
      parse_composition(text);
      FAIL_CHECK(text << " was taken");
    } catch (const ValueError& problem) {
      CHECK(problem.what() == "[augment] " + message);
    }
  };
  const std::string known =
      "none, flips, strong, flip, affine, elastic, brightness, contrast, gamma, blur, "
      "low_resolution, noise, speckle, attenuation, shadow";
  refused("", "character 1: got no name, expected " + known + ".");
  refused("flip, ", "character 7: got no name, expected " + known + ".");
  refused("flip, gama(p=1)",
          "character 7: got 'gama', expected " + known + ": did you mean gamma?");
  refused("low-resolution", "character 1: got 'low-resolution', expected " + known +
                                ": did you mean low_resolution?");
  refused("flip; noise", "character 5: got ';', expected a comma or the end.");
  refused("flip)", "character 5: got ')', expected a comma or the end.");
  refused("flips(p=1)", "character 6: got '(', expected a comma or the end.");
  refused("flip(p=1", "character 9: got the end, expected a comma or ')'.");
  refused("flip(", "character 6: got no name, expected p, axis.");
  refused("flip(p)", "character 7: got ')', expected '=' behind p.");
  refused("flip(p=1,)", "character 10: got no name, expected p, axis.");
  refused("flip(p=1 axis=vertical)", "character 10: got 'a', expected a comma or ')'.");
  refused("affine(rotat=3)",
          "character 8: got 'rotat', expected p, rotate, scale, shift, shear, outside: did you "
          "mean rotate?");
  refused("flip(p=0.1, p=0.2)", "character 13: p is given twice.");
  refused("flip(p=)", "character 8: p: got '', expected a number.");
  refused("flip(p=0:1)", "character 8: p: got '0:1', expected a number.");
  refused("flip(p=2)", "character 8: p: got 2, expected >= 0 and <= 1.");
  refused("flip(axis=vertikal)",
          "character 11: got 'vertikal', expected horizontal, vertical: did you mean vertical?");
  refused("noise(sigma=a)",
          "character 13: sigma: got 'a', expected a number or a range LEAST:MOST.");
  refused("noise(sigma=0:x)",
          "character 15: sigma: got 'x', expected a number or a range LEAST:MOST.");
  refused("noise(sigma=nan)", "character 13: sigma: got nan, expected >= 0 and <= 1.");
  refused("noise(sigma=0.2:0.1)",
          "character 13: sigma: got '0.2:0.1', which begins above its end.");
  refused("noise(sigma=0:2)", "character 13: sigma: got 2, expected >= 0 and <= 1.");
  refused("affine(scale=0:1)", "character 14: scale: got 0, expected >= 0.1 and <= 10.");
  refused("elastic(points=2.5)", "character 16: points: got '2.5', expected a whole number.");
  refused("affine, elastic(outside=reflect)",
          "affine has outside=black and elastic has outside=reflect: expected the same, they are "
          "one resampling.");
  refused("noise(sigma=\n)",
          "character 14: sigma: got '', expected a number or a range "
          "LEAST:MOST.");
  refused("\x01", "character 1: got no name, expected " + known + ".");
  std::string many = "flip";
  for (int k = 0; k < 64; ++k) many += ",flip";
  refused(many, "character 321: got more than 64 transforms.");
}

}  // namespace dmf
