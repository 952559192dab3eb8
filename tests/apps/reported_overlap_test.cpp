#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "apps/evaluation/scoreboard.h"
#include "apps/options/conventions.h"
#include "apps/report/score_tables.h"
#include "engine/core/choice.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;
using Units = std::vector<std::vector<ClassCounts>>;

ClassCounts counts(double tp, double fp, double fn) {
  return {tp, fp, fn, 0.0, 0.0};
}

double reported(const char* convention, const char* metric, const Units& units) {
  return overlap_report(convention)->mean_of(entry_named(kClassMetrics, metric, "metric"), units);
}

ImageScore image(const std::vector<std::int32_t>& truth, const std::vector<std::int32_t>& found) {
  ImageScore score{"i", ConfusionMatrix(3), {}};
  score.confusion.add(truth, found);
  return score;
}

double value(const Scoreboard& board, const std::string& convention, const char* metric) {
  return board.at("as_" + convention, metric, "mean").value;
}

/// The second class is in the first image alone, the third is seen in the second where none is.
const std::vector<ImageScore> kImages = {image({0, 0, 1, 1}, {0, 1, 1, 1}),
                                         image({0, 0, 0, 0}, {0, 0, 0, 2}),
                                         image({0, 0, 0, 2}, {0, 0, 0, 2})};

}  // namespace

TEST_CASE("reported overlaps: MONAI's test cases of DiceMetric and MeanIoU, by their counts") {
  // Cases 5 and 7 of tests/metrics/test_compute_meandice.py and test_compute_meaniou.py: classes
  // that the truth lacks are left out, then come the means over classes and over images.
  const std::vector<ClassCounts> one = {counts(3, 0, 1), counts(0, 1, 0), counts(0, 3, 0)},
                                 two = {counts(1, 2, 0), counts(1, 2, 1), counts(1, 1, 0)},
                                 all = {counts(3, 0, 1), counts(0, 3, 0), counts(0, 2, 0)};
  CHECK(reported("monai", "dice", {one, two}) == Approx(0.689683).epsilon(1e-6));
  CHECK(reported("monai", "iou", {one, two}) == Approx(0.5555).epsilon(2e-4));
  CHECK(reported("monai", "dice", {one, all}) == Approx(0.857143).epsilon(1e-6));
  CHECK(reported("monai", "iou", {one, all}) == Approx(0.75).epsilon(1e-6));
  CHECK(reported("monai", "dice", {{counts(0, 4, 0)}}) == 0.0);  // nothing is left
}

TEST_CASE("reported overlaps: Keras's documented values, by their counts") {
  CHECK(reported("keras", "iou", {{counts(1, 1, 1), counts(1, 1, 1)}}) ==
        Approx(0.33333334).epsilon(1e-7));
  CHECK(reported("keras", "iou", {{counts(0.3, 0.3, 0.3), counts(0.1, 0.3, 0.3)}}) ==
        Approx(0.23809525).epsilon(1e-6));
  // F1Score documents 0.5, 0.8 and 0.6666667 for these classes.
  const std::vector<ClassCounts> f1 = {counts(1, 0, 2), counts(2, 1, 0), counts(1, 1, 0)};
  CHECK(reported("keras", "dice", {f1}) == Approx((0.5 + 0.8 + 0.6666667) / 3.0).epsilon(1e-6));
  // A class that is nowhere: F1 has 0 for it, MeanIoU leaves it out.
  CHECK(reported("keras", "dice", {{counts(2, 0, 0), counts(0, 0, 0)}}) == 0.5);
  CHECK(reported("keras", "iou", {{counts(2, 0, 0), counts(0, 0, 0)}}) == 1.0);
}

TEST_CASE("reported overlaps: smp's and nnU-Net's of counts, as their code adds them up") {
  // smp's tests/test_metrics.py counts these: all found, then one pixel of 2 taken for 1.
  const Units smp = {{counts(1, 0, 0), counts(1, 0, 0), counts(1, 0, 0)},
                     {counts(1, 0, 0), counts(0, 1, 0), counts(1, 0, 1)}};
  CHECK(reported("smp", "dice", smp) == Approx((3.0 + 1.0 + 0.0 + 2.0 / 3.0) / 6.0).epsilon(1e-12));
  CHECK(reported("smp", "iou", smp) == Approx((3.0 + 1.0 + 0.0 + 0.5) / 6.0).epsilon(1e-12));
  CHECK(reported("smp", "dice", {{counts(0, 0, 0)}}) == 1.0);
  // nnU-Net: class 1 is 0/0 in the first case and 0 in the second, class 2 1/2 and 1; without 0.
  const Units cases = {{counts(9, 0, 0), counts(0, 0, 0), counts(1, 1, 1)},
                       {counts(1, 5, 0), counts(0, 3, 0), counts(2, 0, 0)},
                       {counts(5, 0, 0), counts(4, 0, 0), counts(0, 0, 0)}};
  CHECK(reported("nnunet", "dice", cases) ==
        Approx(((0 + 1) / 2.0 + 1.5 / 2.0) / 2.0).epsilon(1e-12));
}

TEST_CASE("reported overlaps: of one set of images, each by hand; paper adds nothing") {
  const auto board = [](const std::string& convention) {
    return make_scoreboard(kImages, {.batch = 2, .convention = convention, .resamples = 20});
  };
  // Dice of classes 0, 1, 2 in images: 2/3, 4/5, -; 6/7, -, 0/1; 1, -, 1.
  CHECK(value(board("monai"), "monai", "dice") ==
        Approx(((2.0 / 3 + 4.0 / 5) / 2 + 6.0 / 7 + 1.0) / 3).epsilon(1e-12));
  CHECK(value(board("smp"), "smp", "dice") ==
        Approx((2.0 / 3 + 4.0 / 5 + 1 + 6.0 / 7 + 1 + 0 + 1 + 1 + 1) / 9).epsilon(1e-12));
  CHECK(value(board("nnunet"), "nnunet", "dice") == Approx((4.0 / 5 + 0.5) / 2).epsilon(1e-12));
  // Batches of two: 8/10, 4/5, 0/1; 1, 0, 1. Of the set: 14/16, 4/5, 2/3.
  CHECK(value(board("demo"), "demo", "dice") == Approx((1.6 / 3 + 2.0 / 3) / 2).epsilon(1e-6));
  CHECK(value(board("keras"), "keras", "dice") ==
        Approx((14.0 / 16 + 4.0 / 5 + 2.0 / 3) / 3).epsilon(1e-12));
  CHECK(value(board("keras"), "keras", "iou") ==
        Approx((7.0 / 9 + 2.0 / 3 + 1.0 / 2) / 3).epsilon(1e-12));

  const Scoreboard monai = board("monai"), paper = board("paper");
  const Estimate& interval = monai.at("as_monai", "iou", "mean");
  CHECK(interval.low < interval.value);
  CHECK(interval.high > interval.value);
  CHECK(monai.to_json()["as_monai"]["dice"]["mean"]["value"] == value(monai, "monai", "dice"));
  CHECK(monai.table("t").find("as monai reports it: mean over images of the classes") !=
        std::string::npos);
  CHECK(paper.table("t").find("reports it") == std::string::npos);
  CHECK(monai.scores.size() == paper.scores.size() + 2);
  Page page;
  add_scores(page, monai);
  CHECK(page.html().find("as monai reports it: ") != std::string::npos);
}

TEST_CASE("reported overlaps: every convention but the paper's has one") {
  for (const std::string& name : convention_names()) {
    CHECK_MESSAGE((overlap_report(name) != nullptr) == (name != "paper"), name);
  }
}

}  // namespace dmf
