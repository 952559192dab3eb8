#include <doctest/doctest.h>
#include <fmt/format.h>

#include "apps/files/csv.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "tests/support/random_text.h"

// Tables: what we write is read back, and what spreadsheets write is understood.

namespace dmf {
namespace {

using doctest::Contains;

/// The same table in another dialect.
std::string dialect(char separator, const std::string& end, const std::string& before) {
  std::string text = before;
  for (const char* row : {"ID,kFold", "a 1,1", " b ,2", "\"c,;\td\" , 3 "}) {
    bool quoted = false;
    for (const char c : std::string(row)) {
      quoted = quoted != (c == '"');
      text += c == ',' && !quoted ? separator : c;
    }
    text += end;
  }
  return text;
}

}  // namespace

TEST_CASE("csv: every table of several columns is read back to the last byte") {
  Rng rng(1, 1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<std::vector<std::string>> rows(1 + rng.below(4));
    const std::size_t columns = 2 + rng.below(3);
    std::string text;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      for (std::size_t k = 0; k < columns; ++k) {
        rows[r].push_back((r == 0 ? "h" : "") + random_text(rng, 0, 4));
        text += (k == 0 ? "" : ",") + csv_cell(rows[r].back());
      }
      text += '\n';
    }
    const CsvTable table = parse_csv(text, "t");
    REQUIRE_MESSAGE(table.columns == rows[0], text);
    rows.erase(rows.begin());
    REQUIRE_MESSAGE(table.rows == rows, text);
  }
  CHECK(parse_csv(csv_cell("sep=|") + "\n1\n", "t").text(0, "sep=|") == "1");
}

TEST_CASE("csv: commas, semicolons, tabs, a sep= line, marks and all line ends are one table") {
  for (const char separator : {',', ';', '\t'}) {
    for (const std::string end : {"\n", "\r\n", "\r"}) {
      for (const std::string mark : {"", "\xef\xbb\xbf"}) {
        for (const bool told : {false, true}) {
          const std::string before = mark + (told ? std::string("sep=") + separator + end : "");
          const CsvTable table = parse_csv(dialect(separator, end, before), "t");
          REQUIRE(table.columns == std::vector<std::string>{"ID", "kFold"});
          REQUIRE(table.rows.size() == 3);
          CHECK(table.text(0, "ID") == "a 1");
          CHECK(table.text(1, "ID") == "b");
          CHECK(table.text(2, "ID") == "c,;\td");
          CHECK(table.number(2, "kFold") == 3.0);
        }
      }
    }
  }
  // A header with two of them: the one that gives every row as many cells.
  CHECK(parse_csv("a;b,c\n1;2\n3;4\n", "t").text(1, "b,c") == "4");
  CHECK(parse_csv("a;b,c\n1,2\n3;3,4\n", "t").text(1, "a;b") == "3;3");
  CHECK_THROWS_WITH_AS(parse_csv("a;b,c\n1\n", "t"), Contains("line 2 has 1 cells"), IoError);
  CHECK_THROWS_WITH_AS(parse_csv("sep=;\na;b\n1\n", "t"), Contains("line 3 has 1 cells"), IoError);
}

TEST_CASE("csv: a decimal comma is read where it can mean nothing else") {
  const auto number = [](const std::string& text) {
    return parse_csv("x;y\n" + text + ";1\n", "t").number(0, "x");
  };
  CHECK(number("0,97") == 0.97);
  CHECK(number("-12,5") == -12.5);
  CHECK(number("0,125") == 0.125);
  CHECK(number("1.5") == 1.5);
  CHECK(number("1,5e-3") == 1.5e-3);
  for (const char* text : {"1,000", "1.000,5", "1,000,000", ",5", "1,", "a,5"}) {
    CHECK_THROWS_WITH_AS(number(text), Contains("is not a number"), IoError);
  }
  CHECK_THROWS_AS(parse_csv("x,y\n\"0,97\",1\n", "t").number(0, "x"), IoError);
}

TEST_CASE("csv: UTF-16 is named") {
  for (const std::string& text : {std::string("\xff\xfeI\0D\0", 6), std::string("\xfe\xff\0I", 4),
                                  std::string("I\0D\0", 4)}) {
    CHECK_THROWS_WITH_AS(parse_csv(text, "t.csv"), Contains("t.csv is UTF-16: save it as UTF-8"),
                         IoError);
  }
}

}  // namespace dmf
