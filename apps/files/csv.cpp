#include "apps/files/csv.h"

#include <algorithm>
#include <cmath>

#include "apps/support/numbers.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

constexpr std::string_view kSeparators = ",;\t";

/// The rows of a text, one after the other.
class Rows {
 public:
  Rows(std::string_view text, char separator, const std::string& name)
      : text_(text), separator_(separator), name_(name) {}

  bool at_end() const { return at_ == text_.size(); }
  /// Of the row that next() gives.
  int line() const { return line_; }

  /// The cells of a row; one empty cell for a line without any text.
  std::vector<std::string> next() {
    const int first = line_;
    std::vector<std::string> cells;
    for (;; ++at_) {
      cells.push_back(cell(first));
      if (at_end() || text_[at_] != separator_) break;
    }
    if (!at_end()) at_ += text_.substr(at_, 2) == "\r\n" ? 2u : 1u;
    ++line_;
    return cells;
  }

 private:
  bool ends_cell(char c) const { return c == separator_ || c == '\n' || c == '\r'; }
  bool is_blank(char c) const { return (c == ' ' || c == '\t') && c != separator_; }

  /// A cell up to its separator or the line's end, without the blanks around it.
  std::string cell(int first) {
    while (!at_end() && is_blank(text_[at_])) ++at_;
    std::string result;
    std::size_t kept = 0;  // letters that were in quotes, whose blanks count
    if (!at_end() && text_[at_] == '"') {
      ++at_;
      quoted(result, first);
      kept = result.size();
    }
    for (; !at_end() && !ends_cell(text_[at_]); ++at_) result += text_[at_];
    while (result.size() > kept && is_blank(result.back())) result.pop_back();
    return result;
  }

  /// What stands before the quote that ends the cell.
  void quoted(std::string& result, int first) {
    for (;; ++at_) {
      DMF_CHECK(!at_end(), IoError, "[csv] {} line {}: a quote does not end.", name_, first);
      if (text_[at_] == '"' && text_.substr(at_, 2) != "\"\"") break;
      if (text_[at_] == '"') ++at_;
      line_ += text_[at_] == '\n' ? 1 : 0;
      result += text_[at_];
    }
    ++at_;
  }

  std::string_view text_;
  char separator_;
  const std::string& name_;
  std::size_t at_ = 0;
  int line_ = 1;
};

/// The separators that the header has outside of quotes, commas first; a comma where it has none.
std::string separators_of(std::string_view header) {
  std::string found;
  for (const char separator : kSeparators) {
    bool quoted = false;
    for (const char c : header) {
      quoted = quoted != (c == '"');
      if (!quoted && (c == '\n' || c == '\r')) break;
      if (quoted || c != separator) continue;
      found += separator;
      break;
    }
  }
  return found.empty() ? "," : found;
}

CsvTable table_of(std::string_view text, char separator, const std::string& name, int skipped) {
  CsvTable table{name, {}, {}, separator};
  Rows rows(text, separator, name);
  table.columns = rows.next();
  while (!rows.at_end()) {
    const int line = rows.line() + skipped;
    std::vector<std::string> cells = rows.next();
    if (cells.size() == 1 && cells.front().empty()) continue;
    DMF_CHECK(cells.size() == table.columns.size(), IoError,
              "[csv] {} line {} has {} cells: the header has {}.", name, line, cells.size(),
              table.columns.size());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

/// A number as a German or French table has it, "0,97", with a point. With three digits behind the
/// comma it might be one thousand and more, unless it begins with "0,".
std::string without_decimal_comma(const std::string& text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string::npos || comma == 0 || text.find('.') != std::string::npos) return text;
  const std::string whole = text.substr(0, comma), rest = text.substr(comma + 1);
  if (rest.empty() || rest.find(',') != std::string::npos) return text;
  if (rest.size() == 3 && whole != "0" && whole != "-0") return text;
  std::string result = text;
  result[comma] = '.';
  return result;
}

}  // namespace

bool CsvTable::has(const std::string& wanted) const {
  return std::find(columns.begin(), columns.end(), wanted) != columns.end();
}

std::size_t CsvTable::column(const std::string& wanted) const {
  const auto found = std::find(columns.begin(), columns.end(), wanted);
  DMF_CHECK(found != columns.end(), IoError, "[csv] {} has no column '{}': it has {}.", name,
            wanted, fmt::join(columns, ", "));
  return static_cast<std::size_t>(found - columns.begin());
}

const std::string& CsvTable::text(std::size_t row, const std::string& wanted) const {
  return rows[row][column(wanted)];
}

double CsvTable::number(std::size_t row, const std::string& wanted) const {
  const std::string& cell = text(row, wanted);
  const std::optional<double> value =
      parse_number(separator == ',' ? cell : without_decimal_comma(cell));
  DMF_CHECK(value && std::isfinite(*value), IoError,
            "[csv] {} row {}, column '{}': '{}' is not a number.", name, row + 1, wanted, cell);
  return *value;
}

CsvTable parse_csv(std::string_view text, const std::string& name) {
  const bool is_wide = text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff") ||
                       text.substr(0, 2).find('\0') != std::string_view::npos;
  DMF_CHECK(!is_wide, IoError, "[csv] {} is UTF-16: save it as UTF-8 (\"CSV UTF-8\" in Excel).",
            name);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a mark some editors leave
  std::string separators;
  int skipped = 0;
  if (text.size() > 4 && text.starts_with("sep=") &&  // a line that Excel understands
      (text.size() == 5 || text[5] == '\n' || text[5] == '\r')) {
    separators = text[4];
    text.remove_prefix(std::min<std::size_t>(text.substr(5, 2) == "\r\n" ? 7 : 6, text.size()));
    skipped = 1;
  }
  DMF_CHECK(!text.empty(), IoError, "[csv] {} is empty: expected a header.", name);
  if (separators.empty()) separators = separators_of(text);
  for (; separators.size() > 1; separators.erase(0, 1)) {  // all rows decide between several
    try {
      return table_of(text, separators.front(), name, skipped);
    } catch (const IoError&) {
    }
  }
  return table_of(text, separators.front(), name, skipped);
}

CsvTable read_csv(const std::filesystem::path& path) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 28;
  return parse_csv(read_file(path, kMost), path.string());
}

std::string csv_cell(const std::string& text) {
  const bool has_blanks = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  const bool plain = text.find_first_of(",;\t\"\r\n") == std::string::npos && !has_blanks;
  if (plain && !text.starts_with("sep=")) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + '"';
}

std::string csv_line(const std::vector<std::string>& texts) {
  std::string line;
  for (std::size_t k = 0; k < texts.size(); ++k) line += (k == 0 ? "" : ",") + csv_cell(texts[k]);
  return line + "\n";
}

}  // namespace dmf
