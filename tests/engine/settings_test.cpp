#include "engine/core/settings.h"

#include <doctest/doctest.h>

#include <array>
#include <limits>

namespace dmf {
namespace {

using doctest::Contains;

constexpr Named<int> kSizes[] = {{"small", 1, "fits a pocket"}, {"large", 9, "does not"}};

const std::vector<Setting> kSettings = {
    {"steps", std::int64_t{3}, "Some", {.least = 1, .most = 8}},
    {"rate", 0.5, "A part", kFraction},
    {"size", std::string("small"), help_of(kSizes), {}, names_of(kSizes)},
    {"weights", std::vector<double>{1.0, 2.0}, "Many", kAtLeastZero},
    {"fast", false, "Whether"},
};

}  // namespace

TEST_CASE("choice: names, help and the error come from the table") {
  CHECK(names_of(kSizes) == std::vector<std::string>{"small", "large"});
  CHECK(help_of(kSizes) == "small: fits a pocket; large: does not");
  CHECK(entry_named(kSizes, "large", "size").value == 9);
  CHECK_THROWS_WITH_AS(entry_named(kSizes, "Large", "size"),
                       "[size] got 'Large', expected small or large.", ValueError);
  CHECK(any_of_text({"a"}) == "a");
  CHECK(any_of_text({"a", "b", "c"}) == "a, b or c");
}

TEST_CASE("range: what it takes, and its words") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(kFraction.str() == ">= 0 and < 1");
  CHECK(kFraction.contains(0.0));
  CHECK_FALSE(kFraction.contains(1.0));
  CHECK(kAboveZero.str() == "> 0");
  CHECK_FALSE(kAboveZero.contains(0.0));
  CHECK(kAboveZero.contains(1e-300));
  CHECK_FALSE(kAboveZero.contains(infinity));
  CHECK_FALSE(Range{}.contains(std::numeric_limits<double>::quiet_NaN()));
  CHECK(Range{}.str() == "a finite number");
  CHECK(Range{.least = 1e-7, .most = 0.25}.str() == ">= 1e-07 and <= 0.25");
}

TEST_CASE("settings: the default at first, then what was set; what is wrong is refused by name") {
  Settings settings(kSettings);
  CHECK(settings.whole("steps") == 3);
  CHECK(settings.number("rate") == 0.5);
  CHECK(settings.text("size") == "small");
  CHECK(settings.list("weights") == std::vector<double>{1.0, 2.0});
  CHECK_FALSE(settings.flag("fast"));
  settings.set("steps", std::int64_t{8});
  settings.set("size", std::string("large"));
  settings.set("weights", std::vector<double>{});
  CHECK(settings.whole("steps") == 8);
  CHECK(settings.text("size") == "large");
  CHECK(settings.list("weights").empty());
  const auto refused = [&](const char* name, const Setting::Value& value, const char* text) {
    CHECK_THROWS_WITH_AS(settings.set(name, value), text, ValueError);
  };
  refused("steps", std::int64_t{9}, "[steps] got 9, expected >= 1 and <= 8.");
  refused("rate", 1.0, "[rate] got 1, expected >= 0 and < 1.");
  refused("size", std::string("tiny"), "[size] got 'tiny', expected small or large.");
  refused("weights", std::vector<double>{0.0, -2.5}, "[weights] got -2.5, expected >= 0.");
  refused("rate", std::string("0.5"), "[rate] got a value of another type.");
  refused("rates", 0.5, "[settings] there is no setting 'rates'.");
  CHECK_THROWS_WITH_AS(settings.number("steps"), Contains("'steps' is of another type"),
                       ValueError);
  CHECK(settings.whole("steps") == 8);  // nothing of it was taken
}

TEST_CASE("settings: two things that share a setting share its value") {
  Settings settings(kSettings);
  settings.set("rate", 0.75);
  settings.add({{"rate", 0.5, "A part", kFraction}, {"more", 1.0, "New"}});
  CHECK(settings.number("rate") == 0.75);
  CHECK(settings.number("more") == 1.0);
  CHECK(settings.all().size() == kSettings.size() + 1);
}

}  // namespace dmf
