#include "apps/evaluation/reported_overlap.h"

#include <optional>

namespace dmf {
namespace {

using Unit = OverlapReport::Unit;
using Absent = OverlapReport::Absent;

/// Of what is read at the versions named:
///
///   demo    the authors' notebook: each batch, all classes, 1e-7 in the denominators
///   monai   DiceMetric and MeanIoU at 41e52c1, as they are made without arguments
///   smp     metrics.f1_score and iou_score at 13d5653, reduction "macro-imagewise"
///   nnunet  evaluate_predictions at 0a50fa0: its foreground mean over cases
///   keras   metrics.F1Score, average "macro", and MeanIoU of Keras 3 at 040582f; its 1e-7 in the
///           denominators of precision and recall is left out, and changes no printed digit
constexpr OverlapReport kReports[] = {
    {"demo", "mean over batches and classes", Unit::batch, true, false, Absent::zero, Absent::zero,
     1e-7},
    {"monai", "mean over images of the classes that the truth has", Unit::image, true, false,
     Absent::skip_unlabelled, Absent::skip_unlabelled, 0.0},
    {"smp", "mean over images and classes, 1 where there is none", Unit::image, true, false,
     Absent::one, Absent::one, 0.0},
    {"nnunet", "mean over images, then classes without background", Unit::image, false, true,
     Absent::skip, Absent::skip, 0.0},
    {"keras", "all pixels of the set, mean over classes", Unit::set, true, false, Absent::zero,
     Absent::skip, 0.0},
};

/// Nothing where the class is left out.
std::optional<double> value_of(const ClassMetric& metric, const ClassCounts& n, Absent absent) {
  const bool labelled = n.tp + n.fn > 0.0, neither = !labelled && n.fp == 0.0;
  if (neither && absent == Absent::one) return 1.0;
  if (neither && absent == Absent::skip) return std::nullopt;
  if (!labelled && absent == Absent::skip_unlabelled) return std::nullopt;
  return metric.of(n);
}

struct Mean {
  double sum = 0.0;
  std::size_t count = 0;

  void add(std::optional<double> value) {
    if (!value) return;
    sum += *value;
    ++count;
  }
  std::optional<double> value() const {
    if (count == 0) return std::nullopt;
    return sum / static_cast<double>(count);
  }
};

}  // namespace

double OverlapReport::mean_of(const ClassMetric& metric,
                              const std::vector<std::vector<ClassCounts>>& units) const {
  const Absent absent = metric.name == "iou" ? iou : dice;
  const std::size_t first = background ? 0 : 1;
  std::vector<Mean> of_class(units.front().size()), of_unit(units.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    for (std::size_t c = first; c < units[u].size(); ++c) {
      const std::optional<double> value = value_of(metric, units[u][c], absent);
      of_unit[u].add(value);
      of_class[c].add(value);
    }
  }
  Mean all;
  for (const Mean& mean : units_first ? of_class : of_unit) all.add(mean.value());
  return all.value().value_or(0.0);
}

const OverlapReport* overlap_report(const std::string& convention) {
  for (const OverlapReport& report : kReports) {
    if (report.name == convention) return &report;
  }
  return nullptr;
}

}  // namespace dmf
