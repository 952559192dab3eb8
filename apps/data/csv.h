#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// A table of text: a header and rows of as many cells (RFC 4180: cells may be quoted, and hold
/// commas, doubled quotes and line ends then).
struct CsvTable {
  std::string name;  // for messages
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;

  bool has(const std::string& column) const;
  /// throws  IoError naming the columns there are
  std::size_t column(const std::string& column) const;
  const std::string& text(std::size_t row, const std::string& column) const;
  /// throws  IoError naming row, column and text for a cell that is not a finite number
  double number(std::size_t row, const std::string& column) const;
};

/// name    for messages
/// throws  IoError naming the line of a row that has more or fewer cells than the header, or of a
///         quote that does not end
CsvTable parse_csv(std::string_view text, const std::string& name);
CsvTable read_csv(const std::filesystem::path& path);

/// The text as a cell: quoted where it has to be.
std::string csv_cell(const std::string& text);

}  // namespace dmf
