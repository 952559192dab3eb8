#pragma once

#include <string>
#include <vector>

namespace dmf {

/// A table of finished texts, for people and for other programs.
struct Table {
  std::string name;  // of its files
  std::string title, note;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::size_t>> best;  // of each column, the rows to mark

  bool marked(std::size_t row, std::size_t column) const;
  std::string html() const;
  std::string csv() const;
  std::string markdown() const;
  /// With booktabs' rules; the best values are bold.
  std::string latex() const;
};

}  // namespace dmf
