#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "apps/files/csv.h"
#include "engine/core/check.h"

// Any text is a table, whose cells are read as numbers and written and read again as the same, or
// an IoError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dmf::CsvTable table;
  try {
    table = dmf::parse_csv({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const dmf::IoError&) {
    return 0;
  }
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    for (std::size_t k = 0; k < table.columns.size(); ++k) {
      try {
        table.number(row, table.columns[k]);
      } catch (const dmf::IoError&) {
      }
      const std::string cell = dmf::csv_cell("x" + table.rows[row][k]);
      if (dmf::parse_csv("column\n" + cell + "\n", "again").rows[0][0] !=
          "x" + table.rows[row][k]) {
        std::abort();
      }
    }
  }
  return 0;
}
