#include "apps/training/budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "apps/support/progress.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

struct Rung {
  int image;
  std::int64_t width;

  bool operator==(const Rung&) const = default;
};
// From the largest down.
constexpr Rung kLadder[] = {{256, 32}, {256, 24}, {192, 24}, {192, 16}, {160, 16}, {128, 16}};
constexpr double kOfSteps = 0.9;  // share of the time; the rest is for validation and scores

/// The ladder's rungs that leave alone what is given, each once.
std::vector<Rung> rungs_of(const TrainOptions& options) {
  const bool has_width = options.network_spec().settings.knows("base-width");
  std::vector<Rung> rungs;
  for (Rung rung : kLadder) {
    if (options.on_command_line.contains("--image")) rung.image = options.data.preprocess.size;
    if (!has_width || options.on_command_line.contains("--base-width")) {
      rung.width = options.network_settings.whole("base-width");
    }
    if (std::find(rungs.begin(), rungs.end(), rung) == rungs.end()) rungs.push_back(rung);
  }
  return rungs;
}

}  // namespace

std::optional<double> seconds_in(std::string_view text) {
  constexpr std::pair<char, double> kUnits[] = {{'h', 3600.0}, {'m', 60.0}, {'s', 1.0}};
  double total = 0.0;
  for (const auto& [unit, seconds] : kUnits) {
    double number = 0.0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || end == text.data() + text.size() || *end != unit) continue;
    total += number * seconds;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  }
  if (!text.empty() || !std::isfinite(total) || total <= 0.0) return std::nullopt;
  return total;
}

BudgetPlan plan_within(double seconds, const TrainOptions& options,
                       const std::function<double(const TrainOptions&)>& cost) {
  const std::vector<Rung> rungs = rungs_of(options);
  const bool has_width = options.network_spec().settings.knows("base-width");
  BudgetPlan plan;
  for (const Rung& rung : rungs) {
    TrainOptions tried = options;
    tried.data.preprocess.size = rung.image;
    tried.network_settings.set("base-width", rung.width);
    const double step = cost(tried);
    const auto updates = static_cast<std::int64_t>(std::min(kOfSteps * seconds / step, 1e9));
    const std::string what =
        fmt::format("{} x {}{} at {:.2g} s a step", rung.image, rung.image,
                    has_width ? fmt::format(", {} channels,", rung.width) : "", step);
    if (updates < kFewestUpdates && rung != rungs.back()) {
      plan.lines.push_back(
          fmt::format("budget    {}: {} updates, fewer than {}", what, updates, kFewestUpdates));
      continue;
    }
    DMF_CHECK(updates >= 1, ValueError,
              "[budget] got {:.3g} s, of which not one step fits: {}. Give more time, or a smaller "
              "--image.",
              seconds, what);
    const std::int64_t chosen = std::min(updates, kMostUpdates);
    plan.settings = {{"image", fmt::format("{}", rung.image)},
                     {"updates", fmt::format("{}", chosen)}};
    if (has_width) plan.settings.emplace_back("base-width", fmt::format("{}", rung.width));
    plan.lines.push_back(fmt::format("budget    {}: --updates {}, about {}", what, chosen,
                                     duration_text(step * static_cast<double>(chosen) / kOfSteps)));
    break;
  }
  return plan;
}

}  // namespace dmf
