#pragma once

#include <cstdint>
#include <span>
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

/// Scores of each class and their plain means over all classes ("macro", the paper's).
///
/// An empty denominator gives 0 / eps = 0, or 0 where eps is 0: a class that is neither in the
/// truth nor in the prediction scores 0, and counts in the mean.
struct Scores {
  struct Family {
    std::vector<double> per_class;
    double mean = 0.0;
  };
  Family dice;         // eq. (11): 2TP / (2TP + FP + FN)
  Family iou;          // eq. (12): TP / (TP + FP + FN)
  Family precision;    // eq. (13): TP / (TP + FP)
  Family recall;       // eq. (14): TP / (TP + FN)
  Family accuracy;     // (TP + TN) / (TP + FP + TN + FN)
  Family specificity;  // TN / (TN + FP)
  double f1 = 0.0;     // eq. (15): harmonic mean of the class means of precision and recall
  std::vector<double> class_weights;  // eq. (21), (22) from the truth's class shares
  double cb_dice = 0.0;               // eq. (24): sum_c w_c dice_c
};

/// eps  added to every denominator: 1e-7 in the reference vectors, 0 on the scoreboard
Scores score(const ConfusionMatrix& confusion, double eps);

}  // namespace dmf
