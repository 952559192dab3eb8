#include "apps/page/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace dmf {
namespace {

/// Bytes that are no UTF-8 become U+FFFD, as JSON's writer has it.
std::string valid_utf8(std::string_view text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))
      .get<std::string>();
}

/// Of a table by rows and columns, empty where there is none.
const std::string& at(const std::vector<std::vector<std::string>>& cells, std::size_t row,
                      std::size_t column) {
  static const std::string none;
  return row < cells.size() && column < cells[row].size() ? cells[row][column] : none;
}

/// A cell's text, its drawing under the first line, the others small.
std::string cell_html(const HtmlTable& table, std::size_t row, std::size_t column) {
  const std::string& cell = table.rows[row][column];
  const std::string &link = at(table.links, row, column),
                    &drawing = at(table.drawings, row, column);
  std::size_t end = cell.find('\n');
  std::string text = escaped(cell.substr(0, end));
  if (!link.empty()) text = fmt::format("<a href=\"{}\">{}</a>", escaped(link), text);
  text += drawing;
  while (end != std::string::npos) {
    const std::size_t from = end + 1;
    end = cell.find('\n', from);
    text += fmt::format("<small>{}</small>", escaped(cell.substr(from, end - from)));
  }
  return text;
}

/// Of a text in lines, in bytes.
std::size_t longest_line(const std::string& text) {
  std::size_t longest = 0, from = 0;
  for (std::size_t end = 0; end != std::string::npos; from = end + 1) {
    end = text.find('\n', from);
    longest = std::max(longest, std::min(end, text.size()) - from);
  }
  return longest;
}

/// A text that may break behind a plus or comma.
std::string breakable(const std::string& text) {
  std::string result;
  for (const char c : escaped(text)) {
    result += c;
    if (c == '+' || c == ',') result += "<wbr>";
  }
  return result;
}

std::string figure(const HtmlPicture& picture) {
  return fmt::format("<figure><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n",
                     picture.uri, escaped(picture.caption), breakable(picture.caption));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      default: {
        const bool control = static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t';
        safe += control ? std::string("\uFFFD") : std::string(1, c);
      }
    }
  }
  return safe;
}

std::string data_element(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    text.replace(at, 1, "\\u003c");
  }
  return "<script type=\"application/json\">" + text + "</script>\n";
}

std::string data_uri(std::string_view type, std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string uri = fmt::format("data:{};base64,", type);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      uri += i + k > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * k)) & 63u];
    }
  }
  return uri;
}

std::string url_of(const std::filesystem::path& path) {
  constexpr std::string_view kPlain = "-._~/";
  std::string url;
  for (const char c : path.generic_string()) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != std::string_view::npos) {
      url += c;
    } else {
      url += fmt::format("%{:02X}", byte);
    }
  }
  return url;
}

std::string link_from(const std::filesystem::path& folder, const std::filesystem::path& file) {
  const auto whole = [](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::current_path() / path);
  };
  return url_of(whole(file).lexically_relative(whole(folder)));
}

std::string facts_html(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string text = "<dl class=\"facts\">\n";
  for (const auto& [name, value] : facts) {
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
  }
  return text + "</dl>\n";
}

std::string list_html(const std::vector<std::string>& sentences) {
  std::string text = "<ul>\n";
  for (const std::string& each : sentences) text += fmt::format("<li>{}</li>\n", escaped(each));
  return text + "</ul>\n";
}

std::string read_first_html(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  return "<div class=\"read-first\"><b>Read this first</b>" + list_html(lines) + "</div>\n";
}

std::string html(const HtmlTable& table) {
  constexpr std::size_t kLong = 60;  // bytes of a line that may break
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table{}>\n",
      escaped(table.caption.empty() ? "table" : table.caption),
      table.sortable ? " class=\"sortable\"" : "");
  if (!table.caption.empty()) {
    text += fmt::format("<caption>{}</caption>\n", escaped(table.caption));
  }
  text += "<thead><tr>";
  for (const std::string& column : table.columns) {
    text += table.sortable
                ? fmt::format("<th scope=\"col\"><button>{}</button></th>", escaped(column))
                : fmt::format("<th scope=\"col\">{}</th>", escaped(column));
  }
  text += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    text += i < table.row_ids.size()
                ? fmt::format("<tr data-row=\"{}\">", escaped(table.row_ids[i]))
                : "<tr>";
    for (std::size_t j = 0; j < table.rows[i].size(); ++j) {
      const std::string& cell = table.rows[i][j];
      const bool marked = j < table.best.size() && std::ranges::count(table.best[j], i) > 0;
      const char* name = marked                       ? " class=\"best\""
                         : longest_line(cell) > kLong ? " class=\"names\""
                                                      : "";
      text += j == 0 ? fmt::format("<th scope=\"row\"{}>{}</th>", name, cell_html(table, i, j))
                     : fmt::format("<td{}>{}</td>", name, cell_html(table, i, j));
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string picture_rows_html(const std::vector<std::string>& columns,
                              const std::vector<std::vector<HtmlPicture>>& rows) {
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"pictures\"><div "
      "class=\"panels\" style=\"grid-template-columns:repeat({},minmax(72px,1fr))\">\n",
      columns.size());
  for (const std::string& column : columns) {
    text += fmt::format("<div class=\"head\">{}</div>\n", escaped(column));
  }
  for (const auto& row : rows) {
    for (const HtmlPicture& picture : row) text += figure(picture);
  }
  return text + "</div></div>\n";
}

std::string contact_sheet_html(const std::vector<HtmlPicture>& pictures, bool small) {
  std::string text = small ? "<div class=\"sheet small\">\n" : "<div class=\"sheet\">\n";
  for (const HtmlPicture& picture : pictures) text += figure(picture);
  return text + "</div>\n";
}

}  // namespace dmf
