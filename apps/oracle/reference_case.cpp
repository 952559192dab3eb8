#include "apps/oracle/reference_case.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>

#include "engine/core/check.h"

namespace dmf {
namespace {

double parse_number(const std::string& key, const std::string& text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  DMF_CHECK(error == std::errc() && end == text.data() + text.size() && std::isfinite(value),
            IoError, "attribute '{}' is '{}': expected a number.", key, text);
  return value;
}

template <class S>
const std::map<std::string, CaseFunction>& case_functions() {
  static const auto all = [] {
    std::map<std::string, CaseFunction> merged = layer_case_functions<S>();
    merged.merge(loss_case_functions<S>());
    merged.merge(fusion_case_functions<S>());
    merged.merge(network_case_functions<S>());
    merged.merge(image_case_functions());
    return merged;
  }();
  return all;
}

/// Whether the inputs are floats, none of them double.
bool is_single(const Safetensors& file) {
  bool any_float = false;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with("expect.")) continue;
    if (tensor.dtype == DType::f64) return false;
    any_float |= tensor.dtype == DType::f32;
  }
  return any_float;
}

bool has_tag(const ReferenceCase& reference, const std::string& tag) {
  if (!reference.has_attribute("tags")) return false;
  const std::vector<std::string> tags = reference.texts("tags");
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

/// Compares one tensor, adding to the report's differences.
///
/// return  what is wrong, or empty
std::string compare(const std::string& name, const Tensor<double>& actual,
                    const Tensor<double>& expected, double rtol, double atol, CaseReport& report) {
  if (!(actual.shape() == expected.shape())) {
    return fmt::format("{} is {}: expected {}", name, actual.shape().str(), expected.shape().str());
  }
  double largest = 0.0, scale = 0.0;
  for (Index i = 0; i < actual.numel(); ++i) {
    const double difference = std::abs(actual.data()[i] - expected.data()[i]);
    if (!std::isfinite(difference)) return fmt::format("{} is not finite at element {}", name, i);
    largest = std::max(largest, difference);
    scale = std::max(scale, std::abs(expected.data()[i]));
  }
  report.largest_absolute = std::max(report.largest_absolute, largest);
  if (scale > 0.0) report.largest_relative = std::max(report.largest_relative, largest / scale);
  if (largest <= atol + rtol * scale) return "";
  return fmt::format("{} differs by {:.3g}: at most {:.3g} is allowed", name, largest,
                     atol + rtol * scale);
}

bool is_integer(DType dtype) {
  return dtype == DType::i64 || dtype == DType::i32 || dtype == DType::u8;
}

template <class S>
Tensor<S> as_floating(const Safetensors& file, const std::string& name) {
  if (is_integer(file.tensors.at(name).dtype)) return cast<S>(file.get<std::int32_t>(name));
  return file.get<S>(name);
}

void check_into(const std::filesystem::path& path, Precision precision, const Compute& compute,
                CaseReport& report) {
  const ReferenceCase reference(read_safetensors(path), compute);
  report.op = reference.op();
  if (reference.has_attribute("name")) report.name = reference.text("name");
  if (!case_functions<double>().contains(report.op)) {
    report.verdict = CaseVerdict::unsupported;
    report.message = "this op is not supported";
    return;
  }
  double rtol = reference.number("rtol"), atol = reference.number("atol");
  if (precision == Precision::single) {
    if (has_tag(reference, "f64_only")) {
      report.verdict = CaseVerdict::unsupported;
      report.message = "for double precision alone";
      return;
    }
    rtol = std::max(rtol, 1e-4);
    atol = std::max(atol, 1e-6);
  }
  report.results = compute_case(reference, precision);
  std::size_t compared = 0;
  for (const auto& [name, stored] : reference.file().tensors) {
    if (!name.starts_with("expect.") || name == "expect.opencv") continue;
    const std::string result = name.substr(7);
    DMF_CHECK(report.results.tensors.contains(result), IoError, "the op gives no '{}'", result);
    const bool exact = is_integer(stored.dtype);
    report.message = compare(result, as_floating<double>(report.results, result),
                             as_floating<double>(reference.file(), name), exact ? 0.0 : rtol,
                             exact ? 0.0 : atol, report);
    if (!report.message.empty()) return;
    ++compared;
  }
  DMF_CHECK(compared > 0, IoError, "the case expects nothing");
  report.verdict = CaseVerdict::pass;
}

}  // namespace

std::string ReferenceCase::text(const std::string& key) const {
  const auto it = file_.metadata.find(key);
  DMF_CHECK(it != file_.metadata.end(), IoError, "attribute '{}' is missing.", key);
  return it->second;
}

std::string ReferenceCase::choice(const std::string& key,
                                  const std::vector<std::string>& words) const {
  const std::string word = text(key);
  DMF_CHECK(std::find(words.begin(), words.end(), word) != words.end(), IoError,
            "attribute '{}' is '{}': expected {}.", key, word, fmt::join(words, " or "));
  return word;
}

double ReferenceCase::number(const std::string& key) const {
  return parse_number(key, text(key));
}

int ReferenceCase::integer(const std::string& key, int least, int most) const {
  const double value = number(key);
  DMF_CHECK(value == std::floor(value) && value >= least && value <= most, IoError,
            "attribute '{}' is '{}': expected a whole number from {} to {}.", key, text(key), least,
            most);
  return static_cast<int>(value);
}

bool ReferenceCase::flag(const std::string& key, bool otherwise) const {
  return has_attribute(key) ? integer(key, 0, 1) != 0 : otherwise;
}

std::vector<double> ReferenceCase::numbers(const std::string& key) const {
  std::vector<double> values;
  for (const std::string& each : texts(key)) values.push_back(parse_number(key, each));
  return values;
}

std::vector<int> ReferenceCase::integers(const std::string& key, int least, int most) const {
  std::vector<int> values;
  for (const double value : numbers(key)) {
    DMF_CHECK(value == std::floor(value) && value >= least && value <= most, IoError,
              "attribute '{}' is '{}': expected whole numbers from {} to {}.", key, text(key),
              least, most);
    values.push_back(static_cast<int>(value));
  }
  return values;
}

std::vector<std::string> ReferenceCase::texts(const std::string& key) const {
  std::vector<std::string> parts;
  std::istringstream stream(text(key));
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

template <class S>
Tensor<S> ReferenceCase::tensor(const std::string& name, int rank) const {
  DMF_CHECK(has(name), IoError, "tensor '{}' is missing.", name);
  Tensor<S> t = as_floating<S>(file_, name);
  DMF_CHECK(rank == kAnyRank || t.shape().rank() == rank, IoError,
            "tensor '{}' is {}: expected rank {}.", name, t.shape().str(), rank);
  return t;
}

template Tensor<float> ReferenceCase::tensor<float>(const std::string&, int) const;
template Tensor<double> ReferenceCase::tensor<double>(const std::string&, int) const;

Tensor<std::int32_t> ReferenceCase::labels(const std::string& name, int rank) const {
  Tensor<std::int32_t> t = file_.get<std::int32_t>(name);
  DMF_CHECK(t.shape().rank() == rank, IoError, "tensor '{}' is {}: expected rank {}.", name,
            t.shape().str(), rank);
  return t;
}

std::vector<std::string> case_ops() {
  std::vector<std::string> ops;
  for (const auto& each : case_functions<double>()) ops.push_back(each.first);
  return ops;
}

Safetensors compute_case(const ReferenceCase& reference, Precision precision) {
  const bool single = precision == Precision::single || is_single(reference.file());
  const auto& functions = single ? case_functions<float>() : case_functions<double>();
  const std::string op = reference.op();
  const auto function = functions.find(op);
  DMF_CHECK(function != functions.end(), IoError, "unknown op '{}': expected one of {}.", op,
            fmt::join(case_ops(), ", "));
  Safetensors results = function->second(reference);
  results.metadata["op"] = op;
  if (reference.has_attribute("name")) results.metadata["name"] = reference.text("name");
  return results;
}

std::string attribute_of(const Setting& setting) {
  std::string key = setting.name;
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

Setting::Value value_of(const ReferenceCase& c, const std::string& key, const Setting& setting) {
  if (std::holds_alternative<bool>(setting.initial)) return c.integer(key, 0, 1) == 1;
  if (std::holds_alternative<std::int64_t>(setting.initial)) return std::int64_t{c.integer(key)};
  if (std::holds_alternative<double>(setting.initial)) return c.number(key);
  if (std::holds_alternative<std::string>(setting.initial)) return c.text(key);
  return c.numbers(key);
}

void require_feasible(double elements) {
  constexpr double kMost = 1 << 26;
  DMF_CHECK(elements <= kMost, IoError, "it asks for a tensor of {:.3g} numbers: at most {:.3g}.",
            elements, kMost);
}

CaseReport check_case(const std::filesystem::path& path, Precision precision,
                      const Compute& compute) {
  CaseReport report;
  report.name = path.stem().string();
  try {
    check_into(path, precision, compute, report);
  } catch (const std::exception& error) {
    report.message = error.what();
  }
  return report;
}

}  // namespace dmf
