#include "apps/manual/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "apps/support/version.h"

namespace dmf {
namespace {

/// A text as man(7) takes it: backslashes and hyphens said, no line that looks like a request.
std::string roff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (escaped.empty() || escaped.back() == '\n')) escaped += "\\&";
    escaped += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return escaped;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string heading(const std::string& page, const std::string& what) {
  return fmt::format(".TH \"{}\" \"1\" \"\" \"dmf {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n",
                     upper(roff(page)), kVersion, roff(page), roff(what));
}

std::string entry(const PageOption& option) {
  const std::string value =
      option.value.empty() || option.is_positional ? "" : " \\fI" + roff(option.value) + "\\fR";
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", roff(option.name), value, roff(option.meaning));
}

/// Options under the headings of --help; each heading is a subsection.
std::string entries(const std::vector<PageOption>& options) {
  std::string text, group;
  for (const PageOption& option : options) {
    if (option.group != group) text += ".SS " + roff(option.group) + "\n";
    group = option.group;
    text += entry(option);
  }
  return text;
}

}  // namespace

std::string man_page(const std::vector<ProgramPage>& pages) {
  const ProgramPage& program = pages.front();
  std::string text =
      heading("dmf-" + program.name, first_sentence(program)) +
      fmt::format(".SH SYNOPSIS\n\\fBdmf {}\\fR [\\fIOPTIONS\\fR]{}\n", roff(program.name),
                  pages.size() > 1 ? " [\\fISUBCOMMAND\\fR]" : "") +
      ".SH DESCRIPTION\n" + roff(program.what) + "\n.SH OPTIONS\n" + entries(program.options);
  for (auto page = pages.begin() + 1; page != pages.end(); ++page) {
    text += fmt::format(".SH \"{}\"\n{}\n{}", upper(roff(page->name)), roff(page->what),
                        entries(page->options));
  }
  return text + ".SH SEE ALSO\n\\fBdmf\\fR(1)\n";
}

std::string man_page_of_all(const std::string& usage, const std::vector<std::string>& programs) {
  std::string text = heading("dmf", "segmentation networks with Dynamic Memory Fusion");
  text += ".SH DESCRIPTION\n.nf\n" + roff(usage) + ".fi\n.SH SEE ALSO\n";
  for (const std::string& name : programs) {
    text += fmt::format("\\fBdmf\\-{}\\fR(1){}\n", roff(name), name == programs.back() ? "" : ",");
  }
  return text;
}

}  // namespace dmf
