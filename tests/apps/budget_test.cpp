#include "apps/training/budget.h"

#include <doctest/doctest.h>

#include <map>

#include "engine/core/check.h"

namespace dmf {
namespace {

using Chosen = std::map<std::string, std::string>;

/// A step costs as many seconds as a millionth of pixels times channels.
double by_size(const TrainOptions& options) {
  const auto side = static_cast<double>(options.data.preprocess.size);
  return 1e-6 * side * side * static_cast<double>(options.network_settings.whole("base-width"));
}

TrainOptions of(const std::string& model) {
  TrainOptions options;
  options.model = model;
  options.network_settings.set("base-width", std::int64_t{4});
  return options;
}

Chosen chosen(double seconds, const TrainOptions& options) {
  const auto settings = plan_within(seconds, options, by_size).settings;
  return {settings.begin(), settings.end()};
}

}  // namespace

TEST_CASE("budget: times as people write them") {
  CHECK(seconds_in("90s") == 90.0);
  CHECK(seconds_in("40m") == 2400.0);
  CHECK(seconds_in("1h") == 3600.0);
  CHECK(seconds_in("1h30m5s") == 5405.0);
  CHECK(seconds_in("0.5h") == 1800.0);
  for (const char* text : {"", "h", "1", "-1h", "1d", "1m1h", "1h 3m", "0s", "1e9h", "nan", "infs",
                           "1h1h", "90s ", "999999999999999999999999999999999999h9"}) {
    CHECK_MESSAGE(!seconds_in(text), text);
  }
}

TEST_CASE("budget: the largest size of which enough steps fit, then as many as fit") {
  // Of 256 x 256 and 32 channels a step takes 2.097 s: 3000 in 6291 s, for which 6991 s are needed.
  CHECK(chosen(7800.0, of("classic")) ==
        Chosen{{"image", "256"}, {"base-width", "32"}, {"updates", "3347"}});
  CHECK(chosen(6900.0, of("classic")) ==
        Chosen{{"image", "256"}, {"base-width", "24"}, {"updates", "3948"}});
  // The smallest takes 0.262 s, and what there is of it.
  CHECK(chosen(100.0, of("classic")) ==
        Chosen{{"image", "128"}, {"base-width", "16"}, {"updates", "343"}});
  // Beyond what helps no time is used.
  CHECK(chosen(1e6, of("classic")).at("updates") == "12000");
  const BudgetPlan plan = plan_within(100.0, of("classic"), by_size);
  CHECK(plan.lines.size() == 6);
  CHECK(plan.lines.front() ==
        "budget    256 x 256, 32 channels, at 2.1 s a step: 42 updates, fewer than 3000");
  CHECK(plan.lines.back() ==
        "budget    128 x 128, 16 channels, at 0.26 s a step: --updates 343, about 1:40");
}

TEST_CASE("budget: what is given stays, and what a network has not is not chosen") {
  TrainOptions given = of("classic");
  given.data.preprocess.size = 64;
  given.on_command_line = {"--image"};
  CHECK(chosen(1000.0, given) ==
        Chosen{{"image", "64"}, {"base-width", "32"}, {"updates", "6866"}});
  given.on_command_line = {"--image", "--base-width"};
  CHECK(plan_within(10.0, given, by_size).lines.size() == 1);
  CHECK(chosen(10.0, given) == Chosen{{"image", "64"}, {"base-width", "4"}, {"updates", "549"}});
  CHECK(chosen(1e5, of("cmunext")) == Chosen{{"image", "256"}, {"updates", "12000"}});
  CHECK_THROWS_WITH_AS(
      plan_within(0.01, given, [](const auto&) { return 0.5; }),
      "[budget] got 0.01 s, of which not one step fits: 64 x 64, 4 channels, at 0.5 "
      "s a step. Give more time, or a smaller --image.",
      ValueError);
}

}  // namespace dmf
