#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "apps/evaluation/per_image.h"
#include "apps/evaluation/scoreboard.h"
#include "apps/page/html.h"
#include "apps/report/run_curves.h"
#include "apps/report/score_tables.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Approx;
using doctest::Contains;

constexpr double kExact = 1e-12;

struct Rectangle {
  int top, left, bottom, right;  // half open
};

/// Masks of 12 x 16 pixels drawn as rectangles.
ImageScore drawn(const std::string& id, const std::vector<Rectangle>& truth,
                 const std::vector<Rectangle>& prediction) {
  constexpr int kHeight = 12, kWidth = 16;
  std::vector<std::int32_t> labels[2];
  std::vector<std::uint8_t> masks[2];
  int side = 0;
  for (const auto* rectangles : {&truth, &prediction}) {
    std::vector<std::int32_t>& into = labels[side];
    into.assign(kHeight * kWidth, 0);
    for (const Rectangle& r : *rectangles) {
      for (int h = r.top; h < r.bottom; ++h) {
        for (int w = r.left; w < r.right; ++w) into[static_cast<std::size_t>(h * kWidth + w)] = 1;
      }
    }
    masks[side++].assign(into.begin(), into.end());
  }
  ImageScore image{id, ConfusionMatrix(2), {}};
  image.confusion.add(labels[0], labels[1]);
  if (image.has_lesion()) image.surface = surface_distance(masks[0], masks[1], kHeight, kWidth);
  return image;
}

/// The numbers that a page's scripts read, of each plot.
std::vector<Json> data_in(const std::string& html) {
  const std::string open = "<script type=\"application/json\">";
  std::vector<Json> all;
  for (std::size_t at = html.find(open); at != std::string::npos; at = html.find(open, at + 1)) {
    const std::size_t from = at + open.size();
    all.push_back(Json::parse(html.substr(from, html.find("</script>", from) - from)));
  }
  return all;
}

double value(const Scoreboard& board, const char* aggregation, const char* metric,
             const char* classes = "lesion") {
  return board.at(aggregation, metric, classes).value;
}

}  // namespace

TEST_CASE("scoreboard: an image whose lesion was lost by scaling is never lesion-free") {
  std::vector<ImageScore> images = {drawn("seen", {{2, 2, 6, 8}}, {{2, 2, 6, 8}}),
                                    drawn("lost", {}, {}),
                                    drawn("lost, alarm", {}, {{0, 0, 1, 3}})};
  CHECK(make_scoreboard(images).find("lesion_free", "false_positive_rate", "lesion") != nullptr);
  images[1].lesion_lost = images[2].lesion_lost = true;
  const Scoreboard board = make_scoreboard(images);
  CHECK(board.with_lesion == 3);
  CHECK(board.lost == 2);
  CHECK(board.missed == 1);
  CHECK(board.find("lesion_free", "false_positive_rate", "lesion") == nullptr);
  CHECK(value(board, "per_image", "dice") == Approx(1.0 / 3).epsilon(kExact));
  CHECK(board.table("t").find("lesions lost by scaling  2") != std::string::npos);
  const TemporaryFolder folder;
  write_text(folder / "images.csv", per_image_csv(images));
  CHECK(read_per_image_csv(folder / "images.csv")[2].lesion_lost);
}

TEST_CASE("scoreboard: the calibration is in table, JSON and page where pixels are known") {
  Scoreboard board = make_scoreboard({drawn("seen", {{2, 2, 6, 8}}, {{2, 2, 6, 8}})});
  CHECK_FALSE(board.to_json().contains("calibration"));
  CHECK(board.table("t").find("calibration") == std::string::npos);
  board.reliability.bins[14] = {.pixels = 4, .right = 3, .sum = 3.9};
  board.reliability.bins[7] = {.pixels = 1, .right = 0, .sum = 0.5};
  CHECK(board.table("t").find("  calibration error        0.2800, expected, of 15 bins\n") !=
        std::string::npos);
  const Json json = board.to_json()["calibration"];
  CHECK(json["expected_calibration_error"] == Approx(0.28).epsilon(kExact));
  REQUIRE(json["bins"].size() == 2);
  CHECK(json["bins"][0]["pixels"] == 1);
  CHECK(json["bins"][0]["from"] == Approx(7.0 / 15).epsilon(kExact));
  CHECK(json["bins"][0]["to"] == Approx(8.0 / 15).epsilon(kExact));
  CHECK(json["bins"][1]["confidence"] == Approx(0.975).epsilon(kExact));
  CHECK(json["bins"][1]["accuracy"] == 0.75);
  Page page;
  add_reliability(page, board.reliability);
  const std::vector<Json> plots = data_in(page.html());
  REQUIRE(plots.size() == 2);
  CHECK(plots[0]["series"][0]["y"] == Json({0.0, 0.75}));
  CHECK(plots[0]["series"][1]["y"] == Json({0.5, 1.0}));
  CHECK(plots[1]["series"][0]["y"] == Json({0.2, 0.8}));
}

TEST_CASE("scoreboard: constructed masks whose every number is known") {
  const double diagonal = std::hypot(12.0, 16.0);  // 20
  const std::vector<ImageScore> images = {
      drawn("same", {{2, 2, 6, 8}}, {{2, 2, 6, 8}}),       // 24 pixels
      drawn("disjoint", {{0, 0, 2, 2}}, {{0, 6, 2, 8}}),   // 4 and 4, touching the border
      drawn("nested", {{0, 0, 12, 16}}, {{0, 0, 6, 16}}),  // 192 and 96
      drawn("one pixel", {{5, 5, 6, 6}}, {{5, 8, 6, 9}}),  // three pixels apart
      drawn("missed", {{1, 1, 3, 3}}, {}),                 // 4 and none
      drawn("quiet", {}, {}),                              // no lesion, none seen
      drawn("alarm", {}, {{0, 0, 1, 3}}),                  // no lesion, 3 pixels seen
  };
  const Scoreboard board = make_scoreboard(images, {.batch = 2});
  CHECK(board.images == 7);
  CHECK(board.with_lesion == 5);
  CHECK(board.missed == 1);

  // Pooled: lesion pixels 24 + 4 + 192 + 1 + 4 = 225, seen 24 + 4 + 96 + 1 + 3 = 128, both 120.
  const double all = 7 * 192;
  const double tp = 120, fp = 8, fn = 105, tn = all - tp - fp - fn;
  const double lesion = 2 * tp / (2 * tp + fp + fn), rest = 2 * tn / (2 * tn + fp + fn);
  CHECK(value(board, "pooled", "dice") == Approx(lesion).epsilon(kExact));
  CHECK(value(board, "pooled", "dice", "mean") == Approx((lesion + rest) / 2).epsilon(kExact));
  CHECK(value(board, "pooled", "iou") == Approx(tp / (tp + fp + fn)).epsilon(kExact));
  CHECK(value(board, "pooled", "iou", "mean") ==
        Approx((tp / (tp + fp + fn) + tn / (tn + fp + fn)) / 2).epsilon(kExact));
  const double precision = (tp / (tp + fp) + tn / (tn + fn)) / 2,
               recall = (tp / (tp + fn) + tn / (tn + fp)) / 2;
  CHECK(value(board, "pooled", "precision") == Approx(tp / (tp + fp)).epsilon(kExact));
  CHECK(value(board, "pooled", "precision", "mean") == Approx(precision).epsilon(kExact));
  CHECK(value(board, "pooled", "recall") == Approx(tp / (tp + fn)).epsilon(kExact));
  CHECK(value(board, "pooled", "recall", "mean") == Approx(recall).epsilon(kExact));
  CHECK(value(board, "pooled", "specificity") == Approx(tn / (tn + fp)).epsilon(kExact));
  CHECK(value(board, "pooled", "accuracy") == Approx((tp + tn) / all).epsilon(kExact));
  CHECK(value(board, "pooled", "f1", "mean") ==
        Approx(2 * precision * recall / (precision + recall)).epsilon(kExact));
  const double share = (tp + fn) / all;
  CHECK(value(board, "pooled", "cb_dice", "mean") ==
        Approx(share * rest + (1 - share) * lesion).epsilon(kExact));

  // Batches of two: {same, disjoint}, {nested, one pixel}, {missed, quiet}, {alarm}.
  const double batches[] = {2.0 * 24 / (28 + 28), 2.0 * 96 / (193 + 97), 0.0, 0.0};
  CHECK(value(board, "per_batch", "dice") ==
        Approx((batches[0] + batches[1] + batches[2] + batches[3]) / 4).epsilon(kExact));

  // Per image: 1, 0, 2 * 96 / 288, 0, 0.
  CHECK(value(board, "per_image", "dice") == Approx((1 + 0 + 2.0 / 3) / 5).epsilon(kExact));
  CHECK(value(board, "per_image", "iou") == Approx((1 + 0 + 0.5) / 5).epsilon(kExact));
  // Distances: none; six pixels apart, all 8 boundary pixels 5 or 6 away in turn (2 and 2 of each
  // mask); nested by hand below; three; the diagonal.
  const double apart = (4 * 5.0 + 4 * 6.0) / 8;
  const SurfaceDistance nested = images[2].surface;
  CHECK(value(board, "per_image", "surface_distance") ==
        Approx((0 + apart + nested.average + 3 + diagonal) / 5).epsilon(kExact));
  // The outer frame has 52 pixels, the inner 40 (rows 0 to 5), of which 26 coincide. The frame's
  // row 11 and what lies between measure down to row 5; the inner's row 5 measures to the nearest
  // side.
  double sum = 0.0;
  for (int row = 6; row < 11; ++row) sum += 2.0 * (row - 5);
  sum += 16 * 6.0;
  for (int column = 0; column < 16; ++column) {
    sum += std::min({column, 15 - column, 5, 6});  // sides, row 0, row 11
  }
  CHECK(nested.average == Approx(sum / (52 + 40)).epsilon(kExact));
  CHECK(value(board, "per_image", "hd95") ==
        Approx((0 + images[1].surface.hd95 + nested.hd95 + 3 + diagonal) / 5).epsilon(kExact));
  CHECK(images[1].surface.hd95 == Approx(6.0).epsilon(kExact));
  CHECK(images[4].surface.hd95 == Approx(diagonal).epsilon(kExact));
  CHECK(value(board, "lesion_free", "false_positive_rate") == 0.5);

  // By size: 1/192 is below 2 %; 4/192 twice is 2.08 %; 24/192 and 192/192 are above 10 %.
  REQUIRE(board.strata.size() == 3);
  CHECK(board.strata[0].images == 1);
  CHECK(board.strata[1].images == 2);
  CHECK(board.strata[1].missed == 1);
  CHECK(board.strata[2].images == 2);
  CHECK(board.strata[2].scores.front().estimate.value == Approx((1 + 2.0 / 3) / 2).epsilon(kExact));
}

TEST_CASE(
    "scoreboard: intervals hold the value, shrink with more images, and repeat with the seed") {
  Rng rng(5);
  std::vector<ImageScore> few, many;
  for (int i = 0; i < 400; ++i) {
    ImageScore image{"x", ConfusionMatrix(2), {}};
    image.confusion.add_count(1, 1, 50 + static_cast<std::int64_t>(rng.below(50)));
    image.confusion.add_count(1, 0, static_cast<std::int64_t>(rng.below(60)));
    image.confusion.add_count(0, 0, 1000);
    if (i < 40) few.push_back(image);
    many.push_back(image);
  }
  const Scoreboard a = make_scoreboard(few), b = make_scoreboard(many),
                   again = make_scoreboard(few);
  const auto width = [](const Estimate& e) {
    CHECK(e.low < e.value);
    CHECK(e.value < e.high);
    return e.high - e.low;
  };
  // The normal interval of a mean: 2 * 1.96 standard deviations over the root of n.
  double mean = 0.0, squares = 0.0;
  for (const ImageScore& image : many) {
    mean += image.lesion_dice() / 400;
    squares += image.lesion_dice() * image.lesion_dice() / 400;
  }
  const double normal = 2 * 1.96 * std::sqrt((squares - mean * mean) / 400);
  CHECK(width(b.at("per_image", "dice", "lesion")) == Approx(normal).epsilon(0.15));
  CHECK(width(a.at("per_image", "dice", "lesion")) > 2 * normal);
  CHECK(a.at("pooled", "dice", "lesion").low == again.at("pooled", "dice", "lesion").low);
}

TEST_CASE("scoreboard: three classes, the lesion being both; one image; none; no lesion at all") {
  ImageScore image{"x", ConfusionMatrix(3), {}};
  image.confusion.add_count(0, 0, 10);
  image.confusion.add_count(1, 2, 4);  // the wrong kind of lesion, but lesion
  image.confusion.add_count(2, 2, 6);
  const Scoreboard board = make_scoreboard({image});
  CHECK(value(board, "pooled", "dice") == 1.0);
  CHECK(value(board, "pooled", "dice", "mean") == Approx((1.0 + 0.0 + 12.0 / 16) / 3));
  CHECK(board.dice_per_class.size() == 3);
  CHECK(board.at("pooled", "dice", "lesion").low == 1.0);
  CHECK_THROWS_WITH_AS(make_scoreboard({}), Contains("no images to score"), ValueError);

  const Scoreboard free = make_scoreboard({drawn("a", {}, {}), drawn("b", {}, {{0, 0, 1, 1}})});
  CHECK(free.find("per_image", "dice", "lesion") == nullptr);
  CHECK(value(free, "lesion_free", "false_positive_rate") == 0.5);
  CHECK(free.table("t").find("of 2 without lesion\n    false-positive rate") != std::string::npos);
  CHECK_THROWS_WITH_AS(free.at("per_image", "dice", "lesion"), Contains("no per_image dice"),
                       ValueError);
}

TEST_CASE("per-image table: written and read again as the same") {
  const TemporaryFolder folder;
  const std::vector<ImageScore> images = {drawn("a, \"b\"", {{2, 2, 6, 8}}, {{3, 2, 6, 9}}),
                                          drawn("c", {}, {{0, 0, 1, 1}})};
  const std::string text = per_image_csv(images);
  write_text(folder / "p.csv", text);
  const std::vector<ImageScore> again = read_per_image_csv(folder / "p.csv");
  CHECK(per_image_csv(again) == text);
  CHECK(again[0].id == "a, \"b\"");
  write_text(folder / "bad.csv",
             "id,count_0_0,count_0_1,count_1_0,count_1_1,hd95,surface_distance\n"
             "a,1,2,-3,4,0,0\n");
  CHECK_THROWS_WITH_AS(read_per_image_csv(folder / "bad.csv"), Contains("'-3' is no count"),
                       IoError);
  write_text(folder / "bad.csv", "id,count_0_0\na,1\n");
  CHECK_THROWS_WITH_AS(read_per_image_csv(folder / "bad.csv"), Contains("no column 'count_0_1'"),
                       IoError);
}

TEST_CASE("millimetres: columns where an image has them, means where all with a lesion have them") {
  const TemporaryFolder folder;
  std::vector<ImageScore> images = {drawn("a", {{2, 2, 6, 8}}, {{3, 2, 6, 9}}),
                                    drawn("b", {{2, 2, 6, 8}}, {}), drawn("free", {}, {})};
  CHECK(per_image_csv(images).find("_mm") == std::string::npos);
  CHECK(make_scoreboard(images).find("per_image", "hd95_mm", "lesion") == nullptr);

  images[0].millimetres = SurfaceDistance{1.5, 0.5};
  const std::string text = per_image_csv(images);
  write_text(folder / "p.csv", text);
  const std::vector<ImageScore> again = read_per_image_csv(folder / "p.csv");
  CHECK(per_image_csv(again) == text);
  REQUIRE(again[0].millimetres.has_value());
  CHECK(again[0].millimetres->hd95 == 1.5);
  CHECK(again[0].millimetres->average == 0.5);
  CHECK_FALSE(again[1].millimetres.has_value());
  const Scoreboard some = make_scoreboard(images);
  CHECK(some.find("per_image", "hd95_mm", "lesion") == nullptr);
  CHECK(some.table("t").find("mm") == std::string::npos);

  images[1].millimetres = SurfaceDistance{4.5, 2.5, true};
  const Scoreboard all = make_scoreboard(images);  // one without a lesion has no say
  CHECK(value(all, "per_image", "hd95_mm") == 3.0);
  CHECK(value(all, "per_image", "surface_distance_mm") == 1.5);
  CHECK(all.table("t").find("  95 % Hausdorff, mm ") != std::string::npos);
  CHECK(all.to_json()["per_image"]["surface_distance_mm"]["lesion"]["value"] == 1.5);
  CHECK(all.to_json()["per_image"]["hd95"] == some.to_json()["per_image"]["hd95"]);
  Page page;
  add_scores(page, all);
  CHECK(page.html().find("Hausdorff, mm") != std::string::npos);
}

TEST_CASE("page: the cosines of every two losses, each a row of a heat map over the steps") {
  const TemporaryFolder folder;
  write_text(folder / "steps.csv",
             "step,cce,focal,tversky,weight_cce,weight_focal,weight_tversky,gamma,lr,gradient_cce,"
             "gradient_focal,gradient_tversky,cosine_cce_focal,cosine_cce_tversky,"
             "cosine_focal_tversky\n"
             "0,1,1,1,.3,.3,.4,0,.1,1,1,1,1,-0.25,0\n"
             "1,nan,nan,nan,.3,.3,.4,0,.1,nan,nan,nan,nan,nan,nan\n"
             "2,1,1,1,.3,.3,.4,0,.1,1,1,1,0.5,-1,0.125\n");
  write_text(folder / "epochs.csv",
             "epoch,train_loss,validation_loss,validation_mean_dice,validation_lesion_dice,"
             "validation_lesion_dice_per_image,validation_cb_dice\n0,1,1,1,1,1,1\n");
  TrainOptions options;
  options.losses = {"cce", "focal", "tversky"};
  options.record_gradients = true;
  Page page;
  add_run_curves(page, read_csv(folder / "steps.csv"), read_csv(folder / "epochs.csv"), options);
  const std::vector<Json> plots = data_in(page.html());
  const Json map = plots.back();
  CHECK(map["heat"] == "step");
  CHECK(map["x"] == Json({0.0, 2.0}));
  const Json& rows = map["series"];
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == Json({{"name", "cce, focal"}, {"y", {1.0, 0.5}}}));
  CHECK(rows[1] == Json({{"name", "cce, tversky"}, {"y", {-0.25, -1.0}}}));
  CHECK(rows[2] == Json({{"name", "focal, tversky"}, {"y", {0.0, 0.125}}}));
  options.losses = {"cce"};  // which has none beside it
  Page alone;
  add_run_curves(alone, read_csv(folder / "steps.csv"), read_csv(folder / "epochs.csv"), options);
  CHECK(alone.html().find("Do the losses agree") == std::string::npos);
}

}  // namespace dmf
