#include "apps/report/score_tables.h"

#include <fmt/format.h>

#include "apps/page/html.h"
#include "apps/page/plot.h"

namespace dmf {
namespace {

constexpr std::size_t kFewImages = 5;  // with fewer an interval over images says nothing

bool is_distance(std::string_view metric) {
  return metric.starts_with("hd95") || metric.starts_with("surface_distance");
}

/// The value, and on a line of its own the interval.
///
/// e       null: no text
/// images  of how many it is a mean
std::string cell(const Estimate* e, std::string_view metric, std::size_t images) {
  if (e == nullptr) return "";
  const int digits = is_distance(metric) ? 1 : 3;
  const std::string value = fmt::format("{:.{}f}", e->value, digits);
  if (images < kFewImages) return value;
  return value + fmt::format("\n{:.{}f} to {:.{}f}", e->low, digits, e->high, digits);
}

/// How the scores are added up, the first to quote first.
std::vector<std::pair<std::string, std::string>> ways_of(const Scoreboard& board) {
  return {{"per_image", fmt::format("mean over {} image{} with a lesion", board.with_lesion,
                                    board.with_lesion == 1 ? "" : "s")},
          {"per_batch", fmt::format("mean over batches of {}", board.batch)},
          {"pooled", "all pixels together"}};
}

void add_lesion_table(Page& page, const Scoreboard& board) {
  HtmlTable table;
  table.caption = "Scores of the lesion; below each its 95 % interval over images";
  table.columns = {"how it is added up", "Dice", "IoU", "precision", "recall"};
  for (const auto& [aggregation, name] : ways_of(board)) {
    std::vector<std::string> row = {name};
    for (const char* metric : {"dice", "iou", "precision", "recall"}) {
      row.push_back(cell(board.find(aggregation, metric, "lesion"), metric, board.images));
    }
    if (!row[1].empty()) table.rows.push_back(std::move(row));
  }
  if (board.report != nullptr) {
    const std::string as = fmt::format("as_{}", board.report->name);
    table.rows.push_back(
        {fmt::format("as {} reports it: {}", board.report->name, board.report->what),
         cell(board.find(as, "dice", "mean"), "dice", board.images),
         cell(board.find(as, "iou", "mean"), "iou", board.images), "", ""});
  }
  if (!table.rows.empty()) table.best = {{}, {0}};
  page.add("Scores",
           "Quote the first row: each lesion counts alike, a missed one as 0. The others are there "
           "to compare with papers that add up so.",
           html(table));
}

void add_size_table(Page& page, const Scoreboard& board) {
  if (board.strata.empty()) return;
  const bool millimetres = board.find("per_image", "hd95_mm", "lesion") != nullptr;
  HtmlTable table;
  table.caption = "By the lesion's share of the image; distances in pixels of the scored size";
  table.columns = {"lesion", "images",         "missed",          "Dice",
                   "IoU",    "95 % Hausdorff", "surface distance"};
  if (millimetres)
    table.columns.insert(table.columns.end(), {"95 % Hausdorff, mm", "surface distance, mm"});
  for (const Scoreboard::Stratum& stratum : board.strata) {
    std::vector<std::string> row = {stratum.name, fmt::format("{}", stratum.images),
                                    fmt::format("{}", stratum.missed)};
    for (const Score& s : stratum.scores) {
      row.push_back(cell(&s.estimate, s.metric, stratum.images));
    }
    table.rows.push_back(std::move(row));
  }
  page.add("Small lesions and large ones",
           fmt::format("Means over the images of each size; without an interval where there are "
                       "fewer than {} images.",
                       kFewImages),
           html(table));
}

/// Every number of the scoreboard, a row each.
std::string all_numbers(const Scoreboard& board) {
  HtmlTable table;
  table.caption = "Every number with its 95 % interval over images";
  table.columns = {"metric", "added up", "of", "value", "from", "to"};
  for (const Score& score : board.scores) {
    std::string name = score.metric;
    for (const auto& [metric, label] : metric_names()) {
      if (metric == score.metric) name = label;
    }
    std::string how = score.aggregation;
    for (const auto& [aggregation, text] : ways_of(board)) {
      if (aggregation == score.aggregation) how = text;
    }
    const int digits = is_distance(score.metric) ? 2 : 4;
    table.rows.push_back({name, how, score.classes == "mean" ? "all classes" : "the lesion",
                          fmt::format("{:.{}f}", score.estimate.value, digits),
                          fmt::format("{:.{}f}", score.estimate.low, digits),
                          fmt::format("{:.{}f}", score.estimate.high, digits)});
  }
  return html(table);
}

}  // namespace

void add_scores(Page& page, const Scoreboard& board) {
  add_lesion_table(page, board);
  page.sections.back().body +=
      fmt::format("<details><summary>All {} numbers</summary>\n{}</details>\n", board.scores.size(),
                  all_numbers(board));
  add_size_table(page, board);
}

void add_reliability(Page& page, const Reliability& reliability) {
  Series right{"right", {}, {}}, share{"share of all pixels", {}, {}};
  for (const Reliability::Bin& bin : reliability.bins) {
    if (bin.pixels == 0) continue;
    right.x.push_back(bin.confidence());
    right.y.push_back(bin.accuracy());
    share.y.push_back(static_cast<double>(bin.pixels) / static_cast<double>(reliability.pixels()));
  }
  share.x = right.x;
  const Series ideal{"as sure as right", {right.x.front(), 1.0}, {right.x.front(), 1.0}};
  const std::string sure = "probability of the class it says";
  page.add("How sure, how often right",
           fmt::format("Expected calibration error {:.4f} (Guo et al. 2017), {} bins of how sure "
                       "the network is of a pixel's class, its largest probability. Below the line "
                       "it is surer than it should be.",
                       reliability.expected_error(), Reliability::kBins),
           plots_html({{.title = "Reliability",
                        .x = sure,
                        .y = "share that is right",
                        .series = {right, ideal}},
                       {.title = "Pixels of each bin",
                        .x = sure,
                        .y = "share of all pixels",
                        .series = {share},
                        .log_y = true}}));
}

}  // namespace dmf
