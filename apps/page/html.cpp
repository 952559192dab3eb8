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

/// A cell's text, its lines after the first small.
std::string lines_of(const std::string& cell) {
  const std::size_t end = cell.find('\n');
  if (end == std::string::npos) return escaped(cell);
  return fmt::format("{}<small>{}</small>", escaped(cell.substr(0, end)),
                     escaped(cell.substr(end + 1)));
}

std::string figure(const HtmlPicture& picture) {
  return fmt::format("<figure><img src=\"{}\" alt=\"{}\"><figcaption>{}</figcaption></figure>\n",
                     picture.uri, escaped(picture.caption), escaped(picture.caption));
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

std::string url_path(const std::string& path) {
  std::string url;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') ||
                       std::string_view("/._-").find(c) != std::string_view::npos;
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return url;
}

std::string facts_html(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string text = "<dl class=\"facts\">\n";
  for (const auto& [name, value] : facts) {
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), escaped(value));
  }
  return text + "</dl>\n";
}

std::string html(const HtmlTable& table) {
  constexpr std::size_t kLong = 60;  // characters of a cell that may break into lines
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
      const char* name = marked ? " class=\"best\"" : cell.size() > kLong ? " class=\"names\"" : "";
      text += j == 0 ? fmt::format("<th scope=\"row\"{}>{}</th>", name, lines_of(cell))
                     : fmt::format("<td{}>{}</td>", name, lines_of(cell));
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

std::string contact_sheet_html(const std::vector<HtmlPicture>& pictures) {
  std::string text = "<div class=\"sheet\">\n";
  for (const HtmlPicture& picture : pictures) text += figure(picture);
  return text + "</div>\n";
}

}  // namespace dmf
