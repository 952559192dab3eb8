#include "apps/support/numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>

namespace dmf {
namespace {

template <class T>
std::optional<T> parsed(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  return parsed<double>(text);
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  return parsed<T>(text);
}

template std::optional<int> parse_whole(std::string_view);
template std::optional<long> parse_whole(std::string_view);
template std::optional<unsigned long> parse_whole(std::string_view);

double rounded(double value, int digits) {
  return parse_number(fmt::format("{:.{}g}", value, digits)).value_or(value);
}

std::string loss_text(double value) {
  if (std::isnan(value)) return "nan";
  return std::abs(value) < 1e4 ? fmt::format("{:.3f}", value) : fmt::format("{:.4g}", value);
}

}  // namespace dmf
