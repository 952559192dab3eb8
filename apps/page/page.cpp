#include "apps/page/page.h"

#include <fmt/format.h>

#include "apps/page/embedded_page.h"
#include "apps/page/html.h"

namespace dmf {
namespace {

/// Replaces each @NAME@ once, looking only at the template: what is put in is not searched.
std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string_view, std::string_view>>& values) {
  std::string result;
  for (const auto& [name, value] : values) {
    const std::size_t at = text.find(name);
    result += text.substr(0, at);
    result += value;
    text.remove_prefix(at + name.size());
  }
  return result += text;
}

}  // namespace

void Page::add(std::string heading, std::string note, std::string body) {
  sections.push_back({std::move(heading), std::move(note), std::move(body)});
}

std::string Page::html() const {
  constexpr std::size_t kFew = 3;  // sections that need no list of them
  std::string text = fmt::format(
      "<h1>{}{}</h1>\n", escaped(title),
      badge.empty() ? "" : fmt::format(" <span class=\"badge\">{}</span>", escaped(badge)));
  for (const std::string& line : lines)
    text += fmt::format("<p class=\"note\">{}</p>\n", escaped(line));
  if (sections.size() > kFew) {
    text += "<nav aria-label=\"Sections\">";
    for (std::size_t k = 0; k < sections.size(); ++k) {
      text += fmt::format("<a href=\"#section-{}\">{}</a> ", k + 1, escaped(sections[k].heading));
    }
    text += "</nav>\n";
  }
  for (std::size_t k = 0; k < sections.size(); ++k) {
    text += fmt::format("<section id=\"section-{}\">\n<h2>{}</h2>\n", k + 1,
                        escaped(sections[k].heading));
    if (!sections[k].note.empty()) {
      text += fmt::format("<p class=\"note\">{}</p>\n", escaped(sections[k].note));
    }
    text += sections[k].body + "</section>\n";
  }
  std::string code(embedded::kScript);
  for (const std::string_view script : scripts) code += script;
  const std::string name = escaped(title),
                    reload = reload_seconds == 0
                                 ? ""
                                 : fmt::format("<meta http-equiv=\"refresh\" content=\"{}\">\n",
                                               reload_seconds);
  return filled(embedded::kPage, {{"@RELOAD@", reload},
                                  {"@TITLE@", name},
                                  {"@STYLE@", embedded::kStyle},
                                  {"@PAGE@", text},
                                  {"@SCRIPT@", code}});
}

}  // namespace dmf
