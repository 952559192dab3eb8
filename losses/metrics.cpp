#include "losses/metrics.h"

#include <numeric>

#include "engine/core/check.h"
#include "engine/kernels/pixel_sums/class_balance.h"

namespace dmf {

ConfusionMatrix::ConfusionMatrix(int classes) : classes_(classes) {
  DMF_CHECK(classes >= 1, ValueError, "[metrics] {} classes: expected at least 1.", classes);
  cells_.assign(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes), 0);
}

void ConfusionMatrix::add(std::span<const std::int32_t> truth,
                          std::span<const std::int32_t> prediction, std::int32_t ignore_index) {
  DMF_CHECK(truth.size() == prediction.size(), ShapeError,
            "[metrics] {} labels and {} predictions: expected as many.", truth.size(),
            prediction.size());
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth[i] == ignore_index) continue;
    DMF_CHECK(
        truth[i] >= 0 && truth[i] < classes_ && prediction[i] >= 0 && prediction[i] < classes_,
        ValueError, "[metrics] label {}, prediction {} at pixel {}: expected 0 to {}.", truth[i],
        prediction[i], i, classes_ - 1);
    ++cells_[cell(truth[i], prediction[i])];
  }
}

ConfusionMatrix& ConfusionMatrix::operator+=(const ConfusionMatrix& other) {
  DMF_CHECK(other.classes_ == classes_, ShapeError, "[metrics] cannot add {} classes to {}.",
            other.classes_, classes_);
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] += other.cells_[i];
  return *this;
}

std::int64_t ConfusionMatrix::total() const {
  return std::accumulate(cells_.begin(), cells_.end(), std::int64_t{0});
}

std::int64_t ConfusionMatrix::fp(int c) const {
  std::int64_t count = 0;
  for (int truth = 0; truth < classes_; ++truth) count += truth == c ? 0 : (*this)(truth, c);
  return count;
}

std::int64_t ConfusionMatrix::fn(int c) const {
  std::int64_t count = 0;
  for (int prediction = 0; prediction < classes_; ++prediction) {
    count += prediction == c ? 0 : (*this)(c, prediction);
  }
  return count;
}

ConfusionMatrix lesion_against_rest(const ConfusionMatrix& confusion) {
  ConfusionMatrix two(2);
  for (int t = 0; t < confusion.classes(); ++t) {
    for (int p = 0; p < confusion.classes(); ++p) {
      two.add_count(t > 0 ? 1 : 0, p > 0 ? 1 : 0, confusion(t, p));
    }
  }
  return two;
}

Scores score(const ConfusionMatrix& confusion, double eps) {
  const auto ratio = [eps](double numerator, double denominator) {
    return denominator + eps > 0.0 ? numerator / (denominator + eps) : 0.0;
  };
  Scores s;
  std::vector<double> pixels;
  for (int c = 0; c < confusion.classes(); ++c) {
    const auto tp = static_cast<double>(confusion.tp(c)), fp = static_cast<double>(confusion.fp(c));
    const auto fn = static_cast<double>(confusion.fn(c)), tn = static_cast<double>(confusion.tn(c));
    pixels.push_back(tp + fn);
    s.dice.per_class.push_back(ratio(2.0 * tp, 2.0 * tp + fp + fn));
    s.iou.per_class.push_back(ratio(tp, tp + fp + fn));
    s.precision.per_class.push_back(ratio(tp, tp + fp));
    s.recall.per_class.push_back(ratio(tp, tp + fn));
    s.accuracy.per_class.push_back(ratio(tp + tn, tp + fp + tn + fn));
    s.specificity.per_class.push_back(ratio(tn, tn + fp));
  }
  for (Scores::Family* family :
       {&s.dice, &s.iou, &s.precision, &s.recall, &s.accuracy, &s.specificity}) {
    family->mean = std::accumulate(family->per_class.begin(), family->per_class.end(), 0.0) /
                   static_cast<double>(family->per_class.size());
  }
  s.f1 = ratio(2.0 * s.precision.mean * s.recall.mean, s.precision.mean + s.recall.mean);
  s.class_weights.resize(pixels.size());
  class_balance_weights(ClassBalance::complement, pixels.data(), static_cast<Index>(pixels.size()),
                        s.class_weights.data());
  s.cb_dice = std::inner_product(s.class_weights.begin(), s.class_weights.end(),
                                 s.dice.per_class.begin(), 0.0);
  return s;
}

}  // namespace dmf
