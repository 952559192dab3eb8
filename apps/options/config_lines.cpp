#include "apps/options/config_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::string_view kMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t";

bool is_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

/// Text that names the file in a message, at most so long.
std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 60;
  return text.size() <= kMost ? std::string(text) : std::string(text.substr(0, kMost)) + "...";
}

std::string utf8(std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    return static_cast<char>(0x80u | ((code >> shift) & 0x3fu));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0u | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0u | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0u | code >> 18), tail(12), tail(6), tail(0)};
}

/// Letters that stand behind a backslash for one that cannot stand in a line.
const std::map<char, char> kEscapes = {{'b', '\b'}, {'t', '\t'}, {'n', '\n'}, {'f', '\f'},
                                       {'r', '\r'}, {'"', '"'},  {'\\', '\\'}};

class Reader {
 public:
  Reader(std::string_view text, const std::string& name, Quotes quotes)
      : text_(text), name_(name), quotes_(quotes) {
    if (text_.starts_with(kMark)) at_ = kMark.size();
  }

  std::vector<ConfigLine> settings() {
    const bool is_wide = text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff") ||
                         text_.substr(0, 2).find('\0') != std::string_view::npos;
    DMF_CHECK(!is_wide, IoError, "[config] {} is UTF-16: save it as UTF-8.", name_);
    std::vector<ConfigLine> all;
    std::map<std::string, int> lines;
    for (skip_lines(); at_ < text_.size(); skip_lines()) {
      all.push_back(setting());
      const auto [first, is_new] = lines.emplace(all.back().key, all.back().line);
      if (!is_new)
        fail(fmt::format("'{}' is given in line {} already", first->first, first->second));
      skip_blanks();
      if (!at_end_of_line())
        fail(fmt::format("expected nothing behind the value, got '{}'", rest()));
    }
    return all;
  }

 private:
  [[noreturn]] void fail(const std::string& problem) const {
    throw IoError(fmt::format("[config] {} line {}: {}.", name_, line_, problem));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\n'; }
  bool at_line_break() const { return peek() == '\n' || peek() == '\r'; }
  bool at_end_of_line() const { return at_line_break() || peek() == '#'; }
  /// The rest of the line, for messages.
  std::string rest() const {
    return shown(text_.substr(at_, text_.find_first_of("\r\n", at_) - at_));
  }

  void skip_blanks() {
    while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
  }
  /// Blanks, comments and line ends.
  void skip_lines() {
    for (skip_blanks(); at_ < text_.size() && at_end_of_line(); skip_blanks()) {
      if (text_[at_] == '#') at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      if (at_ == text_.size()) return;
      at_ += text_.substr(at_, 2) == "\r\n" ? 2u : 1u;
      ++line_;
    }
  }

  ConfigLine setting() {
    const std::string whole = rest();
    if (peek() == '{') fail("this is JSON: expected lines of KEY = VALUE");
    if (peek() == '[') {
      fail(fmt::format("'{}' begins a section: leave it out, the keys stand without", whole));
    }
    ConfigLine result;
    result.line = line_;
    if (peek() == '"' || peek() == '\'') {
      result.key = quoted();
    } else {
      const std::size_t from = at_;
      while (at_ < text_.size() && is_key_letter(text_[at_])) ++at_;
      result.key = text_.substr(from, at_ - from);
    }
    skip_blanks();
    if (peek() == ':') fail(fmt::format("'{}' is YAML: expected KEY = VALUE", whole));
    if (peek() != '=' || result.key.empty()) {
      fail(fmt::format("got '{}', expected KEY = VALUE", whole));
    }
    ++at_;
    skip_blanks();
    result.is_list = peek() == '[';
    if (result.is_list) {
      list(result.values);
    } else {
      result.values = {value("#\r\n")};
    }
    return result;
  }

  void list(std::vector<std::string>& values) {
    const int first = line_;
    ++at_;
    for (;;) {
      skip_lines();
      if (at_ == text_.size()) fail(fmt::format("the list of line {} does not end", first));
      if (peek() == ']') break;
      values.push_back(value(",]#\r\n"));
      skip_lines();
      if (at_ == text_.size() || peek() == ']') continue;
      if (peek() != ',') fail(fmt::format("expected ',' or ']' in the list, got '{}'", rest()));
      ++at_;
    }
    ++at_;
  }

  /// end  what a value without quotes ends before
  std::string value(std::string_view end) {
    if (peek() == '"' || peek() == '\'') return quoted();
    const std::size_t to = std::min(text_.find_first_of(end, at_), text_.size());
    std::string_view bare = text_.substr(at_, to - at_);
    bare = bare.substr(0, bare.find_last_not_of(kBlanks) + 1);
    if (bare.empty()) fail("a value is missing");
    for (const char c : bare) refuse_control(c);
    at_ = to;
    return std::string(bare);
  }

  void refuse_control(char c) const {
    if (quotes_ == Quotes::plain || c == '\t') return;
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fail(fmt::format("a control character has to be written as \\u{:04x}, in double quotes",
                       static_cast<unsigned char>(c)));
    }
  }

  std::string quoted() {
    const char quote = text_[at_];
    const std::string three(3, quote);
    if (quotes_ == Quotes::toml && text_.substr(at_).starts_with(three)) {
      fail(fmt::format("{} is not read: write a line break as \\n in \"...\"", three));
    }
    std::string result;
    for (++at_;; ++at_) {
      if (at_line_break()) fail(fmt::format("a quote {} does not end", quote));
      const char c = text_[at_];
      if (c == quote && ends_here()) break;
      if (c == '\\' && quote == '"' && quotes_ == Quotes::toml) {
        result += escaped();
      } else {
        refuse_control(c);
        result += c;
      }
    }
    ++at_;
    return result;
  }

  /// Whether a quote ends its text. Old versions wrote quotes in a text as they are.
  bool ends_here() const {
    if (quotes_ == Quotes::toml) return true;
    const std::size_t next = std::min(text_.find_first_not_of(kBlanks, at_ + 1), text_.size());
    return next == text_.size() ||
           std::string_view("\r\n#,]").find(text_[next]) != std::string_view::npos;
  }

  /// What a backslash and what follows stand for.
  std::string escaped() {
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\n';
    const std::size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
    if (digits == 0) {
      const auto found = kEscapes.find(letter);
      if (found == kEscapes.end()) {
        fail(fmt::format("'\\{}' means nothing: write a backslash as \\\\, or the text in '...'",
                         static_cast<unsigned char>(letter) < 0x20 ? ' ' : letter));
      }
      ++at_;
      return {found->second};
    }
    const std::string_view code = text_.substr(at_ + 2, digits);
    std::uint32_t number = 0;
    bool sound = code.size() == digits;
    for (const char c : code) {
      const std::size_t digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
      sound = sound && digit < 16 && c > ' ';
      number = number << 4 | static_cast<std::uint32_t>(digit & 15u);
    }
    if (!sound || number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) {
      fail(fmt::format("'\\{}{}' is no character", letter, shown(code)));
    }
    at_ += 1 + digits;
    return utf8(number);
  }

  std::string_view text_;
  const std::string& name_;
  Quotes quotes_;
  std::size_t at_ = 0;
  int line_ = 1;
};

/// Whether TOML takes the text as a number.
bool is_toml_number(const std::string& text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - from;
  };
  const bool leading_zero = at < text.size() && text[at] == '0';
  const std::size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace

std::vector<ConfigLine> parse_settings(std::string_view text, const std::string& name,
                                       Quotes quotes) {
  return Reader(text, name, quotes).settings();
}

std::map<std::string, std::string> config_values(std::string_view text) {
  std::map<std::string, std::string> values;
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t from = std::min(line.find_first_not_of(kBlanks), line.size());
    std::size_t to = from;
    while (to < line.size() && is_key_letter(line[to])) ++to;
    const std::size_t equals = line.find_first_not_of(kBlanks, to);
    if (to > from && equals != std::string_view::npos && line[equals] == '=') {
      values.emplace(line.substr(from, to - from), line.substr(equals + 1));
    }
  }
  return values;
}

std::string to_toml(const std::string& value) {
  if (is_toml_number(value)) return value;
  std::string text = "\"";
  for (const char c : value) {
    const auto escape = std::find_if(kEscapes.begin(), kEscapes.end(),
                                     [c](const auto& each) { return each.second == c; });
    if (escape != kEscapes.end()) {
      text += {'\\', escape->first};
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      text += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string to_toml(const std::vector<std::string>& values) {
  std::vector<std::string> texts;
  for (const std::string& value : values) texts.push_back(to_toml(value));
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

}  // namespace dmf
