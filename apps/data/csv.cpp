#include "apps/data/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

/// Takes one row from the front of the text.
///
/// line    counts the lines read
/// return  its cells
std::vector<std::string> take_row(std::string_view& text, const std::string& name, int& line) {
  std::vector<std::string> cells(1);
  const int first = ++line;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        cells.back() += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        line += c == '\n' ? 1 : 0;
        cells.back() += c;
      }
    } else if (c == '"' && cells.back().empty()) {
      quoted = true;
    } else if (c == ',') {
      cells.emplace_back();
    } else if (c == '\n') {
      break;
    } else if (c == '\r' && (i + 1 == text.size() || text[i + 1] == '\n')) {
      continue;  // of a line that ends in CR LF
    } else {
      cells.back() += c;
    }
  }
  DMF_CHECK(!quoted, IoError, "[csv] {} line {}: a quote does not end.", name, first);
  text.remove_prefix(std::min(i + 1, text.size()));
  return cells;
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
  double value = 0.0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  DMF_CHECK(error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value),
            IoError, "[csv] {} row {}, column '{}': '{}' is not a number.", name, row + 1, wanted,
            cell);
  return value;
}

CsvTable parse_csv(std::string_view text, const std::string& name) {
  CsvTable table{name, {}, {}};
  int line = 0;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a mark some editors leave
  DMF_CHECK(!text.empty(), IoError, "[csv] {} is empty: expected a header.", name);
  table.columns = take_row(text, name, line);
  while (!text.empty()) {
    const int first = line + 1;
    std::vector<std::string> cells = take_row(text, name, line);
    if (cells.size() == 1 && cells.front().empty()) continue;
    DMF_CHECK(cells.size() == table.columns.size(), IoError,
              "[csv] {} line {} has {} cells: the header has {}.", name, first, cells.size(),
              table.columns.size());
    table.rows.push_back(std::move(cells));
  }
  return table;
}

CsvTable read_csv(const std::filesystem::path& path) {
  constexpr std::uintmax_t kMost = std::uintmax_t{1} << 28;
  return parse_csv(read_file(path, kMost), path.string());
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string cell = "\"";
  for (const char c : text) cell += c == '"' ? "\"\"" : std::string(1, c);
  return cell + '"';
}

}  // namespace dmf
