#pragma once

#include <string>

#include "apps/experiment/table.h"

namespace dmf {

/// A text as LaTeX sets it: its special characters as they are, signs of numbers as mathematics, and
/// breakable where a long name of options or formulas may be.
std::string tex_text(const std::string& text);

/// Table environments, with caption, label "tab:NAME" and booktabs' rules, none wider than the text of a
/// 10 pt article: one of more columns than fit, at most six, is several. The best values are bold. Needs
/// the packages booktabs and array.
std::string latex_tables(const Table& table);

}  // namespace dmf
