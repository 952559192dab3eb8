#pragma once

#include <filesystem>
#include <string>

#include "apps/experiment/report/cost_table.h"
#include "apps/experiment/report/figures.h"
#include "apps/experiment/report/grid_plots.h"
#include "apps/experiment/results.h"

namespace dmf {

/// The figures of a grid: its course and the differences to fixed weights, where there are any.
std::vector<Figure> figures_of(const CoursePlots& course,
                               const std::vector<Comparison>& comparisons);

/// Writes a grid's report into a folder: report.html (one file, no network), every table as CSV,
/// Markdown and LaTeX in tables/, every score of every run and image in runs.csv and images.csv, and
/// every figure as SVG in figures/, and as PDF where rsvg-convert is installed.
///
/// cost       for the table of what a step costs (cost_table.h); none without
/// overwrite  replace an earlier report there, but for what was changed since; what it had beyond
///            this one goes
/// return     lines for the terminal: what was written, and what could not be
/// throws     IoError where a file would be replaced that must not be
std::string write_grid_report(const Results& results, const std::filesystem::path& out,
                              bool overwrite, const StepCost& cost = {});

}  // namespace dmf
