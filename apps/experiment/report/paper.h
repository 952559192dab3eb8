#pragma once

#include <filesystem>
#include <string>

#include "apps/experiment/results.h"

namespace dmf {

/// Writes what a paper of a grid begins with into a folder:
///
///   main.tex, supplement.tex  documents that pdflatex compiles: the matrix of results; all other tables
///   methods.tex               a paragraph of what was done, made of the runs' options
///   references.bib            what the paragraph cites
///   tables/*.tex              the tables, each to be input elsewhere
///   figures/                  as SVG, and as PDF where rsvg-convert is installed
///   runs.csv, images.csv      every score of every run and image
///
/// overwrite  replace an earlier kit there, but for what was changed since
/// return     lines for the terminal
/// throws     IoError where a file would be replaced that must not be
std::string write_paper(const Results& results, const std::filesystem::path& out, bool overwrite);

}  // namespace dmf
