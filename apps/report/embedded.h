#pragma once

#include <string_view>

// Files that the build puts into the programs (apps/page/embed.cmake).
namespace dmf::embedded {

extern const std::string_view kPaperTables;   // paper_tables.csv
extern const std::string_view kViewerScript;  // viewer.js
extern const std::string_view kMemoryScript;  // memory.js

}  // namespace dmf::embedded
