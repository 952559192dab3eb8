#pragma once

#include <string>
#include <vector>

#include "apps/page/html.h"

namespace dmf {

/// A table of finished texts, a cell may have several lines, for people and for other programs. For LaTeX
/// see latex.h.
struct Table {
  std::string name;  // of its files
  std::string title, note;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::size_t>> best = {};  // of each column, the rows to mark
  // The same for other programs, a number and nothing else in each cell; none: columns and rows, which
  // are texts then.
  std::vector<std::string> csv_columns = {};
  std::vector<std::vector<std::string>> csv_rows = {};

  bool marked(std::size_t row, std::size_t column) const;
  HtmlTable for_page() const;
  std::string csv() const;
  std::string markdown() const;
};

}  // namespace dmf
