#include "apps/evaluation/per_image.h"

#include <algorithm>
#include <cmath>

#include "apps/files/csv.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr int kMostClasses = 256;

std::string count_column(int truth, int prediction) {
  return fmt::format("count_{}_{}", truth, prediction);
}

}  // namespace

std::string per_image_csv(const std::vector<ImageScore>& images) {
  const int classes = images.empty() ? 2 : images.front().confusion.classes();
  std::vector<std::string> columns = {
      "id",   "lesion_share",     "dice",       "iou", "precision", "recall", "missed",
      "hd95", "surface_distance", "lesion_lost"};
  const bool millimetres = std::any_of(images.begin(), images.end(), [](const ImageScore& image) {
    return image.millimetres.has_value();
  });
  if (millimetres) columns.insert(columns.end(), {"hd95_mm", "surface_distance_mm"});
  for (int t = 0; t < classes; ++t) {
    for (int p = 0; p < classes; ++p) columns.push_back(count_column(t, p));
  }
  std::string text = fmt::format("{}\n", fmt::join(columns, ","));
  for (const ImageScore& image : images) {
    const Scores lesion = score(lesion_against_rest(image.confusion), 0.0);
    std::vector<std::string> cells = {csv_cell(image.id)};
    for (const double value :
         {image.lesion_share(), lesion["dice"].per_class[1], lesion["iou"].per_class[1],
          lesion["precision"].per_class[1], lesion["recall"].per_class[1]}) {
      cells.push_back(fmt::format("{}", value));
    }
    cells.emplace_back(image.has_lesion() && !image.predicted_lesion() ? "1" : "0");
    cells.push_back(fmt::format("{}", image.surface.hd95));
    cells.push_back(fmt::format("{}", image.surface.average));
    cells.emplace_back(image.lesion_lost ? "1" : "0");
    if (millimetres) {
      const auto& mm = image.millimetres;
      cells.push_back(mm ? fmt::format("{}", mm->hd95) : "");
      cells.push_back(mm ? fmt::format("{}", mm->average) : "");
    }
    for (int t = 0; t < classes; ++t) {
      for (int p = 0; p < classes; ++p) cells.push_back(fmt::format("{}", image.confusion(t, p)));
    }
    text += fmt::format("{}\n", fmt::join(cells, ","));
  }
  return text;
}

std::vector<ImageScore> read_per_image_csv(const std::filesystem::path& path) {
  const CsvTable table = read_csv(path);
  int classes = 2;
  while (classes < kMostClasses && table.has(count_column(classes, classes))) ++classes;
  std::vector<ImageScore> images;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    ImageScore image{table.text(row, "id"), ConfusionMatrix(classes), {}};
    for (int t = 0; t < classes; ++t) {
      for (int p = 0; p < classes; ++p) {
        const double count = table.number(row, count_column(t, p));
        constexpr double kMost = 1e12;
        DMF_CHECK(count >= 0.0 && count <= kMost && count == std::floor(count), IoError,
                  "[csv] {} row {}: '{}' is no count.", table.name, row + 1, count);
        image.confusion.add_count(t, p, static_cast<std::int64_t>(count));
      }
    }
    image.surface.hd95 = table.number(row, "hd95");
    image.surface.average = table.number(row, "surface_distance");
    // Older tables do not have this column.
    image.lesion_lost = table.has("lesion_lost") && table.number(row, "lesion_lost") != 0.0;
    if (table.has("hd95_mm") && !table.text(row, "hd95_mm").empty()) {
      image.millimetres = {table.number(row, "hd95_mm"), table.number(row, "surface_distance_mm")};
    }
    images.push_back(std::move(image));
  }
  return images;
}

}  // namespace dmf
