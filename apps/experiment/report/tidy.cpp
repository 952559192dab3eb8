#include "apps/experiment/report/tidy.h"

#include <fmt/format.h>

#include <algorithm>

#include "apps/evaluation/per_image.h"
#include "apps/files/csv.h"

namespace dmf {

std::string runs_csv(const Results& results) {
  std::string text =
      "configuration,repetition,rule,auxiliary,seed,fold,images,aggregation,metric,classes,value,low,high\n";
  for (const std::string& configuration : results.configurations) {
    for (const RunResult* run : results.of(configuration)) {
      const TrainOptions& o = run->options;
      const bool folds = o.split.folds > 0 || !o.split.folds_file.empty();
      for (const Score& score : make_scoreboard(run->images).scores) {
        text += csv_line({configuration, run->repetition, o.fusion.weighting, o.auxiliary,
                          fmt::format("{}", o.seed), folds ? fmt::format("{}", o.split.fold) : "",
                          fmt::format("{}", run->images.size()), score.aggregation, score.metric,
                          score.classes, fmt::format("{}", score.estimate.value),
                          fmt::format("{}", score.estimate.low),
                          fmt::format("{}", score.estimate.high)});
      }
    }
  }
  return text;
}

std::string images_csv(const Results& results) {
  std::vector<std::string> columns;  // of all runs: some may have millimetres
  std::vector<std::pair<const RunResult*, CsvTable>> tables;
  for (const std::string& configuration : results.configurations) {
    for (const RunResult* run : results.of(configuration)) {
      tables.emplace_back(run, parse_csv(per_image_csv(run->images), run->folder.string()));
      for (const std::string& column : tables.back().second.columns) {
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
          columns.push_back(column);
        }
      }
    }
  }
  std::vector<std::string> head = {"configuration", "repetition"};
  head.insert(head.end(), columns.begin(), columns.end());
  std::string text = csv_line(head);
  for (const auto& [run, table] : tables) {
    for (std::size_t row = 0; row < table.rows.size(); ++row) {
      std::vector<std::string> cells = {run->configuration, run->repetition};
      for (const std::string& column : columns) {
        cells.push_back(table.has(column) ? table.text(row, column) : "");
      }
      text += csv_line(cells);
    }
  }
  return text;
}

}  // namespace dmf
