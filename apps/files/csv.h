#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// A table of text: a header and rows of as many cells (RFC 4180: cells may be quoted, and hold
/// commas, doubled quotes and line ends then). Blanks around cells are not part of them.
struct CsvTable {
  std::string name;  // for messages
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  char separator = ',';

  bool has(const std::string& column) const;
  /// throws  IoError naming the columns there are
  std::size_t column(const std::string& column) const;
  const std::string& text(std::size_t row, const std::string& column) const;
  /// Where commas do not separate cells, one may stand for the point: "0,97".
  ///
  /// throws  IoError naming row, column and text for a cell that is not a finite number
  double number(std::size_t row, const std::string& column) const;
};

/// Takes commas, semicolons or tabs between cells, as the header or a first line `sep=;` has them,
/// every kind of line end, and a UTF-8 mark.
///
/// name    for messages
/// throws  IoError naming the line of a row that has more or fewer cells than the header, or of a
///         quote that does not end; for UTF-16 by name
CsvTable parse_csv(std::string_view text, const std::string& name);
CsvTable read_csv(const std::filesystem::path& path);

/// The text as a cell of a table with commas: quoted where it has to be, so that parse_csv() gives
/// it back to the last byte. (An empty text is lost in a table of one column.)
std::string csv_cell(const std::string& text);

/// A row of such cells, with its line end.
std::string csv_line(const std::vector<std::string>& texts);

}  // namespace dmf
