#include "losses/metrics/metrics.h"

#include <iterator>
#include <numeric>

#include "engine/core/check.h"
#include "engine/core/choice.h"
#include "engine/ops/pixel_sums.h"

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

std::vector<ClassCounts> class_counts(const ConfusionMatrix& confusion, double eps) {
  std::vector<ClassCounts> counts;
  for (int c = 0; c < confusion.classes(); ++c) {
    counts.push_back({static_cast<double>(confusion.tp(c)), static_cast<double>(confusion.fp(c)),
                      static_cast<double>(confusion.fn(c)), static_cast<double>(confusion.tn(c)),
                      eps});
  }
  return counts;
}

const Scores::Family& Scores::operator[](std::string_view metric) const {
  return families[static_cast<std::size_t>(&entry_named(kClassMetrics, metric, "metric") -
                                           std::begin(kClassMetrics))];
}

Scores score(const ConfusionMatrix& confusion, double eps) {
  const std::vector<ClassCounts> counts = class_counts(confusion, eps);
  std::vector<double> pixels;
  for (const ClassCounts& n : counts) pixels.push_back(n.tp + n.fn);
  Scores s;
  for (const ClassMetric& metric : kClassMetrics) {
    Scores::Family family;
    for (const ClassCounts& n : counts) family.per_class.push_back(metric.of(n));
    family.mean = std::accumulate(family.per_class.begin(), family.per_class.end(), 0.0) /
                  static_cast<double>(counts.size());
    s.families.push_back(std::move(family));
  }
  const double precision = s["precision"].mean, recall = s["recall"].mean;
  s.f1 = counts.front().ratio(2.0 * precision * recall, precision + recall);
  s.class_weights.resize(pixels.size());
  class_balance_weights(ClassBalance::complement, pixels.data(), static_cast<Index>(pixels.size()),
                        s.class_weights.data());
  const std::vector<double>& dice = s["dice"].per_class;
  s.cb_dice = std::inner_product(s.class_weights.begin(), s.class_weights.end(), dice.begin(), 0.0);
  return s;
}

}  // namespace dmf
