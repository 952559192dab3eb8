#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dmf {

using Json = nlohmann::ordered_json;

/// Text that may stand in HTML and SVG, between tags or between quotes. Bytes that are no UTF-8, and
/// control characters that XML has no place for, become U+FFFD.
std::string escaped(std::string_view text);

/// JSON inside a script element of HTML, for scripts to read: no text may end the element.
std::string data_element(const Json& json);

/// The file as a data: URI, for a picture inside the page.
///
/// type  "image/png"
std::string data_uri(std::string_view type, std::string_view bytes);

/// A file's path as a link to it: what is no letter, digit or one of "-._~/" as %XX.
std::string url_of(const std::filesystem::path& path);

/// How a page in a folder refers to a file elsewhere, so that both may be moved together.
std::string link_from(const std::filesystem::path& folder, const std::filesystem::path& file);

/// Names and what they are, one a line.
std::string facts_html(const std::vector<std::pair<std::string, std::string>>& facts);

/// Sentences, a point each.
std::string list_html(const std::vector<std::string>& sentences);

/// What must be known before a number is quoted, a line each; empty for no lines.
std::string read_first_html(const std::vector<std::string>& lines);

/// A table of texts. Its first column names the rows; of a cell with several lines the first stands
/// out.
struct HtmlTable {
  std::string caption;  // for those who do not see where it stands; empty: none
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::size_t>> best = {};  // of each column, the rows to mark
  bool sortable = false;                            // by a click on a column's head, with scripts
  std::vector<std::string> row_ids = {};            // of each row: what it is called in the page
  // Of each row and column; fewer or empty ones: none.
  std::vector<std::vector<std::string>> links = {};     // where the cell's first line leads
  std::vector<std::vector<std::string>> drawings = {};  // HTML under it
};
std::string html(const HtmlTable& table);

/// A picture inside the page and what stands under it.
struct HtmlPicture {
  std::string uri, caption;
};
/// Rows of pictures under the columns' heads.
std::string picture_rows_html(const std::vector<std::string>& columns,
                              const std::vector<std::vector<HtmlPicture>>& rows);
/// Many pictures in as many columns as the window has room for; captions break behind a plus or comma.
///
/// small  to be compared rather than looked into
std::string contact_sheet_html(const std::vector<HtmlPicture>& pictures, bool small = false);

}  // namespace dmf
