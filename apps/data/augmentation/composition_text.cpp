#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/data/augmentation/composition.h"
#include "apps/support/numbers.h"
#include "apps/support/option_values.h"

namespace dmf {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMostTransforms = 64, kShown = 40;  // letters of a text in a message

/// A text in a message: one line, not too long.
std::string shown(std::string_view text) {
  std::string safe(text.substr(0, kShown));
  for (char& c : safe) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + safe + (text.size() > kShown ? "...'" : "'");
}

std::string value_text_of(const Setting::Value& value) {
  if (const auto* range = std::get_if<std::vector<double>>(&value)) {
    const std::string least = shortest((*range)[0]), most = shortest((*range)[1]);
    return least == most ? least : least + ":" + most;
  }
  return setting_text(value);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Composition composition() {
    skip_blanks();
    while (true) {
      one();
      skip_blanks();
      if (at_ == text_.size()) break;
      if (text_[at_] != ',') fail(at_, "got " + here() + ", expected a comma or the end");
      ++at_;
      skip_blanks();
    }
    check_outside();
    std::stable_partition(uses_.begin(), uses_.end(),
                          [](const TransformUse& use) { return use.transform->move != nullptr; });
    std::map<std::string_view, int> count;
    for (TransformUse& use : uses_) use.occurrence = count[use.transform->name]++;
    return {std::move(uses_)};
  }

 private:
  [[noreturn]] static void fail(std::size_t at, const std::string& problem) {
    throw ValueError(fmt::format("[augment] character {}: {}{}", at + 1, problem,
                                 problem.ends_with('?') ? "" : "."));
  }
  [[noreturn]] static void fail_name(std::size_t at, std::string_view got,
                                     const std::vector<std::string>& known) {
    const std::string nearest = nearest_name(got, known);
    fail(at, fmt::format("got {}, expected {}{}", got.empty() ? "no name" : shown(got),
                         fmt::join(known, ", "),
                         nearest.empty() ? "" : ": did you mean " + nearest + "?"));
  }

  void skip_blanks() {
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  std::string here() const { return at_ < text_.size() ? shown(text_.substr(at_, 1)) : "the end"; }
  std::string_view word() {
    const std::size_t from = at_;
    const auto is_letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '-';
    };
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  /// A transform with its settings, or a named composition.
  void one() {
    const std::size_t from = at_;
    const std::string_view name = word();
    const auto named = std::find_if(named_compositions().begin(), named_compositions().end(),
                                    [&](const auto& each) { return each.name == name; });
    if (named != named_compositions().end()) {
      if (named->text.empty()) return;
      Composition parts = Parser(named->text).composition();
      std::move(parts.uses.begin(), parts.uses.end(), std::back_inserter(uses_));
    } else {
      const auto found = std::find_if(transforms().begin(), transforms().end(),
                                      [&](const Transform* each) { return each->name == name; });
      if (found == transforms().end()) {
        std::vector<std::string> known = names_of(named_compositions());
        for (const Transform* each : transforms()) known.emplace_back(each->name);
        fail_name(from, name, known);
      }
      use(**found);
    }
    if (uses_.size() > kMostTransforms) {
      fail(from, fmt::format("got more than {} transforms", kMostTransforms));
    }
  }

  void use(const Transform& transform) {
    TransformUse use{&transform, 0, {}};
    const std::vector<TransformSetting> known = settings_of(transform);
    use.settings.add({known.begin(), known.end()});
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      settings(use, known);
    }
    uses_.push_back(std::move(use));
  }

  /// What stands in parentheses, the closing one included.
  void settings(TransformUse& use, const std::vector<TransformSetting>& known) {
    std::vector<std::string> given;
    skip_blanks();
    if (at_ < text_.size() && text_[at_] == ')') {
      ++at_;
      return;
    }
    while (true) {
      skip_blanks();
      const std::size_t from = at_;
      const std::string key(word());
      const auto found =
          std::find_if(known.begin(), known.end(),
                       [&](const TransformSetting& each) { return each.name == key; });
      if (found == known.end()) fail_name(from, key, names_of(known));
      if (std::find(given.begin(), given.end(), key) != given.end()) {
        fail(from, key + " is given twice");
      }
      given.push_back(key);
      skip_blanks();
      if (at_ == text_.size() || text_[at_] != '=') {
        fail(at_, fmt::format("got {}, expected '=' behind {}", here(), key));
      }
      ++at_;
      skip_blanks();
      use.settings.set(key, value(*found));
      skip_blanks();
      if (at_ == text_.size() || (text_[at_] != ',' && text_[at_] != ')')) {
        fail(at_, fmt::format("got {}, expected a comma or ')'", here()));
      }
      if (text_[at_++] == ')') return;
    }
  }

  Setting::Value value(const Setting& setting) {
    const std::size_t from = at_,
                      end = std::min(text_.find_first_of(",() \t\r\n", at_), text_.size());
    const std::string_view text = text_.substr(from, end - from);
    at_ = end;
    Setting::Value value;
    if (std::holds_alternative<std::vector<double>>(setting.initial)) {
      value = range(setting, from, text);
    } else if (std::holds_alternative<double>(setting.initial)) {
      value = number(setting, from, text, "a number");
    } else if (std::holds_alternative<std::int64_t>(setting.initial)) {
      const std::optional<std::int64_t> whole = parse_whole<std::int64_t>(text);
      if (!whole) {
        fail(from, fmt::format("{}: got {}, expected a whole number", setting.name, shown(text)));
      }
      value = *whole;
    } else {
      if (std::find(setting.choices.begin(), setting.choices.end(), text) ==
          setting.choices.end()) {
        fail_name(from, text, setting.choices);
      }
      value = std::string(text);
    }
    if (const std::string problem = setting.problem(value); !problem.empty()) {
      fail(from, setting.name + ": " + problem);
    }
    return value;
  }

  static double number(const Setting& setting, std::size_t from, std::string_view text,
                       const char* wanted) {
    const std::optional<double> number = parse_number(text);
    if (!number) {
      fail(from, fmt::format("{}: got {}, expected {}", setting.name, shown(text), wanted));
    }
    return *number;
  }
  static std::vector<double> range(const Setting& setting, std::size_t from,
                                   std::string_view text) {
    constexpr const char* kWanted = "a number or a range LEAST:MOST";
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return std::vector<double>(2, number(setting, from, text, kWanted));
    }
    const double least = number(setting, from, text.substr(0, colon), kWanted);
    const double most = number(setting, from + colon + 1, text.substr(colon + 1), kWanted);
    if (least > most) {
      fail(from, fmt::format("{}: got {}, which begins above its end", setting.name, shown(text)));
    }
    return {least, most};
  }

  /// What is moved is resampled once, so that there is one outside.
  void check_outside() const {
    const TransformUse* first = nullptr;
    for (const TransformUse& use : uses_) {
      if (!use.settings.knows("outside")) continue;
      if (first == nullptr) first = &use;
      const std::string &a = first->settings.text("outside"), &b = use.settings.text("outside");
      if (a != b) {
        throw ValueError(fmt::format(
            "[augment] {} has outside={} and {} has outside={}: expected the same, they are one "
            "resampling.",
            first->transform->name, a, use.transform->name, b));
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<TransformUse> uses_;
};

}  // namespace

std::string Composition::text() const {
  std::string text;
  for (const TransformUse& use : uses) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{}(", use.transform->name);
    for (const Setting& setting : use.settings.all()) {
      text += setting.name + "=" + value_text_of(use.settings.value(setting.name)) + ", ";
    }
    text.replace(text.size() - 2, 2, ")");
  }
  return text.empty() ? "none" : text;
}

Composition parse_composition(std::string_view text) {
  return Parser(text).composition();
}

}  // namespace dmf
