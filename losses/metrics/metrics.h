#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dmf {

/// Hard counts: confusion(truth, prediction), summed over pixels.
class ConfusionMatrix {
 public:
  /// throws  ValueError for fewer than one class
  explicit ConfusionMatrix(int classes);

  int classes() const { return classes_; }
  std::int64_t operator()(int truth, int prediction) const {
    return cells_[cell(truth, prediction)];
  }

  /// Counts pixels; truth of `ignore_index` is skipped.
  ///
  /// throws  ShapeError for spans of different lengths, ValueError for a label out of range
  void add(std::span<const std::int32_t> truth, std::span<const std::int32_t> prediction,
           std::int32_t ignore_index = -1);
  void add_count(int truth, int prediction, std::int64_t pixels) {
    cells_[cell(truth, prediction)] += pixels;
  }
  ConfusionMatrix& operator+=(const ConfusionMatrix& other);

  std::int64_t total() const;
  // Of class c against all others:
  std::int64_t tp(int c) const { return (*this)(c, c); }
  std::int64_t fp(int c) const;
  std::int64_t fn(int c) const;
  std::int64_t tn(int c) const { return total() - tp(c) - fp(c) - fn(c); }

 private:
  std::size_t cell(int truth, int prediction) const {
    return static_cast<std::size_t>(truth) * static_cast<std::size_t>(classes_) +
           static_cast<std::size_t>(prediction);
  }

  int classes_;
  std::vector<std::int64_t> cells_;
};

/// The counts of two classes: background, and all classes above 0 as one.
ConfusionMatrix lesion_against_rest(const ConfusionMatrix& confusion);

/// The pixels of one class against all others.
struct ClassCounts {
  double tp, fp, fn, tn;
  double eps;  // added to every denominator

  double ratio(double numerator, double denominator) const {
    return denominator + eps > 0.0 ? numerator / (denominator + eps) : 0.0;
  }
};

/// Of each class.
///
/// eps  added to every denominator
std::vector<ClassCounts> class_counts(const ConfusionMatrix& confusion, double eps);

/// What is computed of each class and averaged over classes.
struct ClassMetric {
  std::string_view name, label;  // in files, and as people call it
  double (*of)(const ClassCounts& n);
};

/// In the order of tables: a line here makes a metric known to the scoreboard, its JSON and CSV, the
/// pages and the reference cases.
inline constexpr ClassMetric kClassMetrics[] = {
    {"dice", "Dice",  // eq. (11)
     [](const ClassCounts& n) { return n.ratio(2.0 * n.tp, 2.0 * n.tp + n.fp + n.fn); }},
    {"iou", "IoU",  // eq. (12)
     [](const ClassCounts& n) { return n.ratio(n.tp, n.tp + n.fp + n.fn); }},
    {"precision", "precision",  // eq. (13)
     [](const ClassCounts& n) { return n.ratio(n.tp, n.tp + n.fp); }},
    {"recall", "recall",  // eq. (14)
     [](const ClassCounts& n) { return n.ratio(n.tp, n.tp + n.fn); }},
    {"specificity", "specificity", [](const ClassCounts& n) { return n.ratio(n.tn, n.tn + n.fp); }},
    {"accuracy", "accuracy",
     [](const ClassCounts& n) { return n.ratio(n.tp + n.tn, n.tp + n.fp + n.tn + n.fn); }},
};

/// Scores of each class and their plain means over all classes ("macro", the paper's).
///
/// An empty denominator gives 0 / eps = 0, or 0 where eps is 0: a class that is neither in the
/// truth nor in the prediction scores 0, and counts in the mean.
struct Scores {
  struct Family {
    std::vector<double> per_class;
    double mean = 0.0;
  };
  std::vector<Family> families;  // one a metric of kClassMetrics
  double f1 = 0.0;               // eq. (15): harmonic mean of class means of precision and recall
  std::vector<double> class_weights;  // eq. (21), (22) from the truth's class shares
  double cb_dice = 0.0;               // eq. (24): sum_c w_c dice_c

  /// throws  ValueError for a name that kClassMetrics does not have
  const Family& operator[](std::string_view metric) const;
};

/// What is computed of all classes together.
struct OverallMetric {
  std::string_view name, label;
  double Scores::*value;
};
inline constexpr OverallMetric kOverallMetrics[] = {{"f1", "F1", &Scores::f1},
                                                    {"cb_dice", "CB-Dice", &Scores::cb_dice}};

/// eps  added to every denominator: 1e-7 in the reference vectors, 0 on the scoreboard
Scores score(const ConfusionMatrix& confusion, double eps);

}  // namespace dmf
