#pragma once

#include <filesystem>
#include <string>

#include "apps/experiment/results.h"

namespace dmf {

/// Writes a grid's report into a folder: report.html (one file, no network), every table as CSV,
/// Markdown and LaTeX in tables/, and every chart as SVG in figures/, and as PDF where rsvg-convert is
/// installed.
///
/// overwrite  replace an earlier report there, but for what was changed since; what it had beyond
///            this one goes
/// return     lines for the terminal: what was written, and what could not be
/// throws     IoError where a file would be replaced that must not be
std::string write_grid_report(const Results& results, const std::filesystem::path& out,
                              bool overwrite);

}  // namespace dmf
