#include "apps/page/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dmf {
namespace {

/// The least of 1, 2 or 5 times a power of ten that is at least `step`.
double round_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  for (const double times : {1.0, 2.0, 5.0}) {
    if (times * power >= step * (1.0 - 1e-9)) return times * power;
  }
  return 10.0 * power;
}

std::vector<std::pair<double, std::string>> ones_twos_fives(const AxisRange& range) {
  std::vector<std::pair<double, std::string>> ticks;
  const int first = static_cast<int>(std::floor(std::log10(range.low))),
            last = static_cast<int>(std::floor(std::log10(range.high)));
  constexpr int kFew = 3;  // powers of ten, beyond which there would be too many
  for (int power = first; power <= last && last - first <= kFew; ++power) {
    for (const double times : {1.0, 2.0, 5.0}) {
      const double value = times * std::pow(10.0, power);
      if (value >= range.low && value <= range.high) {
        ticks.emplace_back(value, fmt::format("{:g}", value));
      }
    }
  }
  return ticks;
}

std::vector<std::pair<double, std::string>> decades(const AxisRange& range, int most) {
  const int first = static_cast<int>(std::ceil(std::log10(range.low) - 1e-9)),
            last = static_cast<int>(std::floor(std::log10(range.high) + 1e-9));
  std::vector<std::pair<double, std::string>> ticks;
  const int every = std::max(1, (last - first + most) / most);
  for (int power = first; power <= last; power += every) {
    const double value = std::pow(10.0, power);
    ticks.emplace_back(value, fmt::format("{:g}", value));
  }
  return ticks;
}

}  // namespace

AxisRange range_of(const std::vector<double>& values, bool log, double room) {
  AxisRange range;
  bool any = false;
  for (const double value : values) {
    if (!std::isfinite(value) || (log && value <= 0.0)) continue;
    const double shown = std::clamp(value, -kLargestShown, kLargestShown);
    range.low = any ? std::min(range.low, shown) : shown;
    range.high = any ? std::max(range.high, shown) : shown;
    any = true;
  }
  if (!any) return log ? AxisRange{0.1, 1.0} : AxisRange{};
  if (log) {
    if (range.low == range.high) return {range.low / 2.0, range.high * 2.0};
    const double more = std::exp(room * (std::log(range.high) - std::log(range.low)));
    return {std::max(range.low / more, 1.0 / kLargestShown),
            std::min(range.high * more, kLargestShown)};
  }
  const double width = range.high - range.low,
               size = std::max(std::abs(range.low), std::abs(range.high));
  if (size == 0.0) return {};
  // A line that does not move stands in the middle of a range of its own size.
  const double more = width > 1e-12 * size ? room * width : 0.5 * size;
  const double low = range.low - more;
  return {range.low >= 0.0 ? std::max(low, 0.0) : low, range.high + more};
}

std::vector<std::pair<double, std::string>> axis_ticks(const AxisRange& range, int most, bool log) {
  if (log) {
    for (const auto& ticks : {ones_twos_fives(range), decades(range, most)}) {
      if (ticks.size() >= 2 && ticks.size() <= static_cast<std::size_t>(most) + 1) return ticks;
    }
  }
  const double step = round_step((range.high - range.low) / std::max(most - 1, 1));
  const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  std::vector<std::pair<double, std::string>> ticks;
  for (double k = std::ceil(range.low / step - 1e-9); k * step <= range.high + 1e-9 * step;
       k += 1.0) {
    const double value = k * step;
    const bool plain = decimals <= 6 && std::abs(value) < 1e6;
    ticks.emplace_back(value, plain ? fmt::format("{:.{}f}", value == 0.0 ? 0.0 : value, decimals)
                                    : fmt::format("{:.3g}", value));
  }
  return ticks;
}

}  // namespace dmf
