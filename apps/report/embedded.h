#pragma once

#include <string_view>

// Files that the build puts into the program (apps/report/embed.cmake).
namespace dmf::embedded {

extern const std::string_view kPage, kStyle, kScript;  // page/page.html, .css, .js
extern const std::string_view kCharts;                 // Chart.js
extern const std::string_view kPaperTables;            // paper_tables.csv

}  // namespace dmf::embedded
