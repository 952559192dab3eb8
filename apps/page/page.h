#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dmf {

/// A page in one file that needs no network: all text and drawings are in it as HTML and SVG, so that
/// it shows the same without scripts and in print. Scripts add what needs a pointer: numbers under it,
/// sorting, hiding of lines.
struct Page {
  std::string title;
  std::string badge;                      // beside the title: SIMULATED IMAGES; empty: none
  std::vector<std::string> lines;         // under the title
  int reload_seconds = 0;                 // how often it loads itself anew; 0: never
  std::vector<std::string_view> scripts;  // more than the page's own

  struct Section {
    std::string heading, note;
    std::string body;  // HTML
  };
  std::vector<Section> sections;

  void add(std::string heading, std::string note, std::string body);
  std::string html() const;
};

}  // namespace dmf
