#include "apps/experiment/report/latex.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

namespace dmf {
namespace {

constexpr double kTextWidth = 335.0, kGap = 8.0, kLetter = 4.9;  // points, of 8 pt type
constexpr std::size_t kMostColumns = 6, kLong = 34;              // letters of a cell that breaks
constexpr double kLongWidth = 150.0;                             // points of a column of such cells

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Letters of the longest line: bytes that begin one.
std::size_t letters(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& line : lines_of(text)) {
    const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; };
    longest = std::max(longest,
                       static_cast<std::size_t>(std::count_if(line.begin(), line.end(), begins)));
  }
  return longest;
}

std::string cell_of(const Table& table, std::size_t row, std::size_t column) {
  const std::string& text = table.rows[row][column];
  const std::vector<std::string> lines = lines_of(text);
  if (lines.size() > 1) {  // the first line is the number, the others say more of it
    std::string stack = "\\begin{tabular}[t]{@{}r@{}}" + tex_text(lines.front());
    for (std::size_t k = 1; k < lines.size(); ++k)
      stack += "\\\\ {\\scriptsize " + tex_text(lines[k]) + "}";
    return stack + "\\end{tabular}";
  }
  return table.marked(row, column) ? "\\textbf{" + tex_text(text) + "}" : tex_text(text);
}

/// The points that a cell takes: lines after the first are small.
double width_of(const std::string& text) {
  constexpr double kSmall = 0.7;
  double width = 0.0;
  for (const std::string& line : lines_of(text)) {
    const double size = width == 0.0 ? 1.0 : kSmall;
    width = std::max(width, size * kLetter * static_cast<double>(letters(line)));
  }
  return width;
}

/// Of each column the points it takes.
std::vector<double> widths_of(const Table& table) {
  std::vector<double> widths;
  for (std::size_t k = 0; k < table.columns.size(); ++k) {
    double most = width_of(table.columns[k]);
    for (const auto& row : table.rows) most = std::max(most, width_of(row[k]));
    widths.push_back(most > kLetter * kLong ? kLongWidth : most);
  }
  return widths;
}

/// The columns of each part, the first column in front of all.
std::vector<std::vector<std::size_t>> parts_of(const std::vector<double>& widths) {
  std::vector<std::vector<std::size_t>> parts;
  double width = 0.0;
  for (std::size_t k = 1; k < widths.size(); ++k) {
    if (parts.empty() || width + kGap + widths[k] > kTextWidth ||
        parts.back().size() == kMostColumns) {
      parts.push_back({0});
      width = widths[0];
    }
    parts.back().push_back(k);
    width += kGap + widths[k];
  }
  return parts;
}

}  // namespace

std::string tex_text(const std::string& text) {
  static const std::map<std::string, std::string> marks = {{"\\", "\\textbackslash{}"},
                                                           {"%", "\\%"},
                                                           {"&", "\\&"},
                                                           {"#", "\\#"},
                                                           {"$", "\\$"},
                                                           {"{", "\\{"},
                                                           {"}", "\\}"},
                                                           {"_", "\\_"},
                                                           {"^", "\\textasciicircum{}"},
                                                           {"~", "\\textasciitilde{}"},
                                                           {"|", "\\textbar{}"},
                                                           {"<", "$<$"},
                                                           {">", "$>$"},
                                                           {"±", "$\\pm$"},
                                                           {"†", "$^{\\dagger}$"}};
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t bytes = 1;
    while (i + bytes < text.size() &&
           (static_cast<unsigned char>(text[i + bytes]) & 0xC0u) == 0x80u)
      ++bytes;
    const std::string letter = text.substr(i, bytes);
    const bool number = i + 1 < text.size() &&
                        std::isdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                        (i == 0 || text[i - 1] == ' ' || text[i - 1] == '(' || text[i - 1] == '[');
    const auto found = marks.find(letter);
    const bool inside =
        i > 0 && text[i - 1] != ' ' && i + bytes < text.size() && text[i + bytes] != ' ';
    if ((letter == "-" || letter == "+") && number) {
      result += "$" + letter + "$";
    } else {
      result += found == marks.end() ? letter : found->second;
      if (inside && std::string("+_/(=,").find(letter) != std::string::npos)
        result += "\\allowbreak{}";
    }
    i += bytes;
  }
  return result;
}

std::string latex_tables(const Table& table) {
  const std::vector<double> widths = widths_of(table);
  const std::vector<std::vector<std::size_t>> parts = parts_of(widths);
  std::string text;
  for (std::size_t part = 0; part < parts.size(); ++part) {
    const std::string label = part == 0 ? table.name : fmt::format("{}-{}", table.name, part + 1);
    const std::string caption =
        part == 0 ? fmt::format("{}. {}", tex_text(table.title), tex_text(table.note))
                  : tex_text(table.title) + ", continued.";
    text += fmt::format(
        "\\begin{{table}}[htbp]\n\\centering\\footnotesize\\setlength{{\\tabcolsep}}{{4pt}}\n"
        "\\caption{{{}}}\n\\label{{tab:{}}}\n\\begin{{tabular}}{{@{{}}",
        caption, label);
    for (const std::size_t k : parts[part]) {
      text += widths[k] == kLongWidth
                  ? fmt::format(">{{\\raggedright\\arraybackslash}}p{{{}pt}}", kLongWidth)
              : k == 0 ? "l"
                       : "r";
    }
    text += "@{}}\n\\toprule\n";
    for (const std::size_t k : parts[part])
      text += (k == 0 ? "" : " & ") + tex_text(table.columns[k]);
    text += " \\\\\n\\midrule\n";
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      for (const std::size_t k : parts[part]) text += (k == 0 ? "" : " & ") + cell_of(table, i, k);
      text += " \\\\\n";
    }
    text += "\\bottomrule\n\\end{tabular}\n\\end{table}\n";
  }
  return text;
}

}  // namespace dmf
