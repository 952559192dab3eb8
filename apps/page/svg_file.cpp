#include "apps/page/svg_file.h"

#include <fmt/format.h>

#include "apps/page/html.h"

namespace dmf {
namespace {

/// Colours of Okabe and Ito, which colour-blind readers can tell apart, darkened to stand out from
/// white.
constexpr const char* kFileStyle =
    "text{font:12px sans-serif;fill:#57606a}.title{font-weight:600;fill:#1b1f24}"
    ".grid{stroke:#d0d7de}.axis{stroke:#57606a}.mark{stroke:#57606a;stroke-dasharray:2 3}"
    "path{fill:none;stroke-width:1.6}.grid,.axis,.mark{stroke-width:1}"
    ".s0{stroke:#0072b2}.s1{stroke:#d55e00}.s2{stroke:#00845f}.s3{stroke:#b34b86}.s4{stroke:#a86f00}"
    ".s5{stroke:#2a86b8}.dash{stroke-dasharray:6 3}"
    ".f0{fill:#0072b2}.f1{fill:#d55e00}.f2{fill:#00845f}.f3{fill:#b34b86}.f4{fill:#a86f00}"
    ".f5{fill:#2a86b8}.band{opacity:.18}.behind{stroke:#d0d7de}.behind path{stroke-width:1}"
    ".hollow{fill:#ffffff}";

}  // namespace

std::string svg_file(const std::string& title, const std::string& description, double width,
                     double height, const std::string& elements) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\"><title>{2}</title><desc>{3}</desc><style>{4}</style>\n{5}"
      "</svg>\n",
      width, height, escaped(title), escaped(description), kFileStyle, elements);
}

}  // namespace dmf
