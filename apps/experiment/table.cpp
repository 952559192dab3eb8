#include "apps/experiment/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/files/csv.h"

namespace dmf {
namespace {

std::string replaced(const std::string& text,
                     const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::pair<std::string, std::string>* found = nullptr;
    for (const auto& pair : pairs) {
      if (text.compare(i, pair.first.size(), pair.first) == 0) found = &pair;
    }
    if (found != nullptr) {
      result += found->second;
      i += found->first.size();
    } else {
      result += text[i++];
    }
  }
  return result;
}

}  // namespace

bool Table::marked(std::size_t row, std::size_t column) const {
  return column < best.size() && std::ranges::count(best[column], row) > 0;
}

HtmlTable Table::for_page() const {
  return {.caption = title, .columns = columns, .rows = rows, .best = best};
}

std::string Table::csv() const {
  std::string text = csv_line(csv_columns.empty() ? columns : csv_columns);
  for (const auto& row : csv_columns.empty() ? rows : csv_rows) text += csv_line(row);
  return text;
}

std::string Table::markdown() const {
  std::string text = fmt::format("**{}.** {}\n\n|", title, note);
  for (const std::string& column : columns) text += " " + column + " |";
  text += "\n|";
  for (std::size_t k = 0; k < columns.size(); ++k) text += k == 0 ? " --- |" : " ---: |";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    text += "\n|";
    for (std::size_t k = 0; k < rows[i].size(); ++k) {
      const std::string cell = replaced(rows[i][k], {{"|", "\\|"}, {"\n", "<br>"}});
      text += marked(i, k) ? " **" + cell + "** |" : " " + cell + " |";
    }
  }
  return text + "\n";
}

}  // namespace dmf
