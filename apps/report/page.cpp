#include "apps/report/page.h"

#include <fmt/format.h>

#include <cmath>

#include "apps/report/embedded.h"
#include "apps/support/numbers.h"

namespace dmf {
namespace {

/// Replaces each @NAME@ once, looking only at the template: what is put in is not searched.
std::string filled(std::string_view text,
                   const std::vector<std::pair<std::string_view, std::string_view>>& values) {
  std::string result;
  for (const auto& [name, value] : values) {
    const std::size_t at = text.find(name);
    result += text.substr(0, at);
    result += value;
    text.remove_prefix(at + name.size());
  }
  return result += text;
}

/// Text that may stand in HTML.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else {
      safe += c;
    }
  }
  return safe;
}

/// JSON inside a script element: no text may end the element. A file name may not be UTF-8.
std::string script_json(const Json& json) {
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  for (std::size_t at = text.find('<'); at != std::string::npos; at = text.find('<', at)) {
    text.replace(at, 1, "\\u003c");
  }
  return text;
}

/// Distances are large numbers.
int digits_of(std::string_view metric) {
  return metric.starts_with("hd95") || metric.starts_with("surface_distance") ? 2 : 4;
}

}  // namespace

void Page::add_facts(const std::string& heading,
                     const std::vector<std::pair<std::string, std::string>>& facts) {
  Json list = Json::array();
  for (const auto& [name, value] : facts) list.push_back({name, value});
  sections.push_back({{"kind", "facts"}, {"title", heading}, {"facts", std::move(list)}});
}

void Page::add_scoreboard(const std::string& heading, const Scoreboard& board) {
  std::vector<std::string> columns = {"95 % interval over images in brackets"};
  std::vector<std::pair<std::string, std::string>> conventions;
  for (const auto& [aggregation, name] :
       {std::pair<std::string, std::string>{"pooled", "pooled"},
        {"per_batch", fmt::format("per batch of {}", board.batch)},
        {"per_image", "per image"},
        {"lesion_free", "lesion-free images"}}) {
    for (const char* classes : {"lesion", "mean"}) {
      if (aggregation == "lesion_free" && std::string_view(classes) == "mean") continue;
      conventions.emplace_back(aggregation, classes);
      columns.push_back(name + ", " + classes);
    }
  }
  if (board.report != nullptr) {
    conventions.emplace_back(fmt::format("as_{}", board.report->name), "mean");
    columns.push_back(fmt::format("as {} reports it: {}", board.report->name, board.report->what));
  }
  std::vector<std::vector<std::string>> rows;
  const bool millimetres = board.find("per_image", "hd95_mm", "lesion") != nullptr;
  for (const auto& [metric, name] : metric_names()) {
    if (metric.ends_with("_mm") && !millimetres) continue;
    std::vector<std::string> row = {name};
    for (const auto& [aggregation, classes] : conventions) {
      const Estimate* e = board.find(aggregation, metric, classes);
      row.push_back(e == nullptr ? "" : e->text(digits_of(metric)));
    }
    rows.push_back(std::move(row));
  }
  add_table(
      heading,
      fmt::format("{} images, {} with a lesion, {} of these missed. pooled: all pixels of the "
                  "set together; per image: mean over the images with a lesion. lesion: all "
                  "classes above 0 as one; mean: over all classes, background too. A missed "
                  "lesion has Dice 0 and the image's diagonal as distance.",
                  board.images, board.with_lesion, board.missed),
      columns, rows, {});
  rows.clear();
  for (const Scoreboard::Stratum& stratum : board.strata) {
    rows.push_back(
        {stratum.name, fmt::format("{}", stratum.images), fmt::format("{}", stratum.missed)});
    for (const Score& s : stratum.scores) {
      rows.back().push_back(s.estimate.text(digits_of(s.metric)));
    }
  }
  columns = {"lesion", "images", "missed", "Dice", "IoU", "95 % Hausdorff", "surface distance"};
  if (millimetres) columns.insert(columns.end(), {"95 % Hausdorff, mm", "surface distance, mm"});
  add_table("By the lesion's share of the image", "Means over the images of each size.", columns,
            rows, {});
}

void Page::add_reliability(const std::string& heading, const Reliability& reliability) {
  Series right{"right", {}, {}}, share{"share of all pixels", {}, {}};
  for (const Reliability::Bin& bin : reliability.bins) {
    if (bin.pixels == 0) continue;
    right.x.push_back(rounded(bin.confidence(), 5));
    right.y.push_back(bin.accuracy());
    share.y.push_back(static_cast<double>(bin.pixels) / static_cast<double>(reliability.pixels()));
  }
  share.x = right.x;
  const Series ideal{"as sure as right", {right.x.front(), 1.0}, {right.x.front(), 1.0}};
  add_charts(
      heading,
      fmt::format("Expected calibration error {:.4f} (Guo et al. 2017), 15 bins of how sure the "
                  "network is of a pixel's class, its largest probability. Below the line it is "
                  "surer than it should be.",
                  reliability.expected_error()),
      {chart("Reliability", "probability of the class it says", "share that is right",
             {right, ideal}),
       chart("Pixels of each bin", "probability of the class it says", "share of all pixels",
             {share}, true)});
}

void Page::add_table(const std::string& heading, const std::string& note,
                     const std::vector<std::string>& columns,
                     const std::vector<std::vector<std::string>>& rows,
                     const std::vector<int>& best) {
  sections.push_back({{"kind", "table"},
                      {"title", heading},
                      {"note", note},
                      {"columns", columns},
                      {"rows", rows},
                      {"best", best}});
}

void Page::add_charts(const std::string& heading, const std::string& note, Json charts) {
  sections.push_back(
      {{"kind", "charts"}, {"title", heading}, {"note", note}, {"charts", std::move(charts)}});
}

void Page::add_panels(const std::string& heading, const std::string& note,
                      const std::vector<std::string>& columns, Json rows) {
  sections.push_back({{"kind", "panels"},
                      {"title", heading},
                      {"note", note},
                      {"columns", columns},
                      {"rows", std::move(rows)}});
}

void Page::add_sheet(const std::string& heading, const std::string& note, Json cells) {
  sections.push_back(
      {{"kind", "sheet"}, {"title", heading}, {"note", note}, {"cells", std::move(cells)}});
}

std::string Page::html() const {
  const std::string data =
      script_json({{"title", title}, {"lines", lines}, {"sections", sections}});
  const std::string heading = escaped(title);
  return filled(embedded::kPage, {{"@TITLE@", heading},
                                  {"@STYLE@", embedded::kStyle},
                                  {"@CHARTS@", embedded::kCharts},
                                  {"@DATA@", data},
                                  {"@SCRIPT@", embedded::kScript}});
}

Series Series::thinned(std::size_t points) const {
  if (x.size() <= points) return *this;
  Series result{name, {}, {}};
  for (std::size_t k = 0; k < points; ++k) {
    const std::size_t from = k * x.size() / points, to = (k + 1) * x.size() / points;
    double sum_x = 0.0, sum_y = 0.0;
    for (std::size_t i = from; i < to; ++i) {
      sum_x += x[i];
      sum_y += y[i];
    }
    result.x.push_back(sum_x / static_cast<double>(to - from));
    result.y.push_back(sum_y / static_cast<double>(to - from));
  }
  return result;
}

namespace {

Json lines_of(const std::vector<Series>& series) {
  Json lines = Json::array();
  for (const Series& each : series) {
    Json ys = Json::array();
    for (const double value : each.y) {  // a gap where there is no number
      ys.push_back(std::isfinite(value) ? Json(rounded(value, 5)) : Json());
    }
    lines.push_back({{"name", each.name}, {"x", each.x}, {"y", std::move(ys)}});
  }
  return lines;
}

}  // namespace

Json chart(const std::string& title, const std::string& x, const std::string& y,
           const std::vector<Series>& series, bool log) {
  return {{"title", title}, {"x", x}, {"y", y}, {"log", log}, {"series", lines_of(series)}};
}

Json heat_map(const std::string& title, const std::string& x, const std::vector<Series>& series,
              const std::string& low, const std::string& high) {
  return {{"title", title}, {"x", x}, {"heat", {low, high}}, {"series", lines_of(series)}};
}

std::string data_uri(std::string_view type, std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string uri = fmt::format("data:{};base64,", type);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      uri += i + k > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * k)) & 63u];
    }
  }
  return uri;
}

}  // namespace dmf
