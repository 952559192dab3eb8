#include <string>
#include <vector>

#include "apps/evaluation/reported_overlap.h"
#include "apps/living_page/calls.h"

namespace dmf {
namespace {

using Unit = OverlapReport::Unit;

/// A way to count: of this project's scoreboard, or as another project reports it.
struct Way {
  const char *name, *what;
  Unit unit;
  bool lesion;          // else the mean over both classes
  const char* project;  // null: the scoreboard's
};

constexpr Way kWays[] = {
    {"per image, lesion", "each image's Dice of the lesion, then the mean over images with one",
     Unit::image, true, nullptr},
    {"per batch, lesion", "the pixels of a batch together, then the mean over batches", Unit::batch,
     true, nullptr},
    {"pooled, lesion", "all pixels of the set together", Unit::set, true, nullptr},
    {"per image, mean", "the background's Dice is averaged in", Unit::image, false, nullptr},
    {"per batch, mean", "the same, of batches: the authors' demo", Unit::batch, false, nullptr},
    {"pooled, mean", "the same, of all pixels: the paper's tables", Unit::set, false, nullptr},
    {"monai", "", Unit::image, false, "monai"},
    {"smp", "", Unit::image, false, "smp"},
    {"nnunet", "", Unit::image, false, "nnunet"},
    {"keras", "", Unit::set, false, "keras"},
};

const Way* way_at(int place) {
  const auto at = static_cast<std::size_t>(place);
  return at < std::size(kWays) ? &kWays[at] : nullptr;
}

std::vector<ConfusionMatrix> units_of(const std::vector<ConfusionMatrix>& images, Unit unit,
                                      std::size_t batch) {
  const std::size_t of_one = unit == Unit::image ? 1 : unit == Unit::batch ? batch : images.size();
  std::vector<ConfusionMatrix> units;
  for (std::size_t k = 0; k < images.size(); ++k) {
    if (k % of_one == 0) units.emplace_back(2);
    units.back() += images[k];
  }
  return units;
}

double counted(const Way& way, const ClassMetric& metric,
               const std::vector<ConfusionMatrix>& images, std::size_t batch) {
  const std::vector<ConfusionMatrix> units = units_of(images, way.unit, batch);
  if (way.project != nullptr) {
    const OverlapReport& report = *overlap_report(way.project);
    std::vector<std::vector<ClassCounts>> counts;
    for (const ConfusionMatrix& unit : units) counts.push_back(class_counts(unit, report.eps));
    return report.mean_of(metric, counts);
  }
  double sum = 0.0, count = 0.0;
  for (const ConfusionMatrix& unit : units) {
    if (way.unit == Unit::image && unit.tp(1) + unit.fn(1) == 0) continue;
    const Scores all = score(unit, 0.0);
    const Scores::Family& scores = all[metric.name];
    sum += way.lesion ? scores.per_class[1] : scores.mean;
    count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

}  // namespace
}  // namespace dmf

using namespace dmf;

const char* living_score_name(int place) {
  const Way* way = way_at(place);
  return way == nullptr ? nullptr : way->name;
}

const char* living_score_what(int place) {
  const Way* way = way_at(place);
  if (way == nullptr) return nullptr;
  return way->project == nullptr ? way->what : overlap_report(way->project)->what.data();
}

int living_scores(int images, int size, const int* truth, const int* predicted, int batch,
                  double* dice, double* iou) {
  return guarded([&] {
    const auto pixels = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
    std::vector<ConfusionMatrix> all;
    for (std::size_t k = 0; k < static_cast<std::size_t>(images); ++k) {
      all.emplace_back(2);
      all.back().add({truth + k * pixels, pixels}, {predicted + k * pixels, pixels});
    }
    for (std::size_t k = 0; k < std::size(kWays); ++k) {
      dice[k] = counted(kWays[k], kClassMetrics[0], all, static_cast<std::size_t>(batch));
      iou[k] = counted(kWays[k], kClassMetrics[1], all, static_cast<std::size_t>(batch));
    }
  });
}
