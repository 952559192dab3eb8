#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/evaluation/scoreboard.h"

namespace dmf {

using Json = nlohmann::ordered_json;

/// A page of sections in one file that needs no network: tables, charts (Chart.js, inlined), facts
/// and pictures, which page/page.js draws.
struct Page {
  std::string title;
  std::vector<std::string> lines;  // under the title
  Json sections = Json::array();

  void add_facts(const std::string& title,
                 const std::vector<std::pair<std::string, std::string>>& facts);
  /// The scoreboard with its intervals.
  void add_scoreboard(const std::string& title, const Scoreboard& board);
  /// The reliability diagram: how often pixels are right, over how sure they are of it.
  /// reliability  of at least one pixel
  void add_reliability(const std::string& title, const Reliability& reliability);
  /// best  of each column, the row to mark; -1: none
  void add_table(const std::string& title, const std::string& note,
                 const std::vector<std::string>& columns,
                 const std::vector<std::vector<std::string>>& rows, const std::vector<int>& best);
  /// charts  made by chart() and heat_map()
  void add_charts(const std::string& title, const std::string& note, Json charts);
  /// A grid of pictures: a row of cells {"image", "caption"} for each.
  void add_panels(const std::string& title, const std::string& note,
                  const std::vector<std::string>& columns, Json rows);
  /// Many pictures in as many columns as the window has room for: cells {"image", "caption"}.
  void add_sheet(const std::string& title, const std::string& note, Json cells);

  std::string html() const;
};

/// One line of a chart.
struct Series {
  std::string name;
  std::vector<double> x, y;

  /// At most `points` of them: neighbours are averaged.
  Series thinned(std::size_t points) const;
};

/// log  the y axis is logarithmic
Json chart(const std::string& title, const std::string& x, const std::string& y,
           const std::vector<Series>& series, bool log = false);

/// Beside charts, numbers from -1 to 1 as colours: a row for each series, all over the same x.
///
/// low, high  what -1 and 1 say
Json heat_map(const std::string& title, const std::string& x, const std::vector<Series>& series,
              const std::string& low, const std::string& high);

/// The file as a data: URI, for a picture inside the page.
///
/// type  "image/png"
std::string data_uri(std::string_view type, std::string_view bytes);

}  // namespace dmf
