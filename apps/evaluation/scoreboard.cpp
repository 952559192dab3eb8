#include "apps/evaluation/scoreboard.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "apps/support/text.h"
#include "engine/core/check.h"
#include "engine/core/choice.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

constexpr std::uint64_t kBootstrapStream = 0x626f6f74;  // "boot"

/// What projects report.
constexpr const char* kReported[] = {"dice", "iou"};

/// Its aggregation, as Score has it.
std::string as_reported(const OverlapReport& report) {
  return fmt::format("as_{}", report.name);
}

/// Images drawn for one computation: indices, possibly repeated.
using Draw = std::vector<std::size_t>;

/// What a number is, as in Score.
struct Row {
  std::string aggregation, metric, classes;
};

/// What the scores of one unit (an image, a batch, the whole set) are called, in this order.
const std::vector<Row>& unit_rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all;
    for (const ClassMetric& metric : kClassMetrics) {
      all.push_back({"", std::string(metric.name), "lesion"});
      all.push_back({"", std::string(metric.name), "mean"});
    }
    for (const OverallMetric& metric : kOverallMetrics) {
      all.push_back({"", std::string(metric.name), "mean"});
    }
    return all;
  }();
  return rows;
}

std::vector<double> unit_values(const ConfusionMatrix& confusion) {
  const Scores all = score(confusion, 0.0), lesion = score(lesion_against_rest(confusion), 0.0);
  std::vector<double> values;
  for (std::size_t m = 0; m < std::size(kClassMetrics); ++m) {
    values.push_back(lesion.families[m].per_class[1]);
    values.push_back(all.families[m].mean);
  }
  for (const OverallMetric& metric : kOverallMetrics) values.push_back(all.*metric.value);
  return values;
}

void add_to(std::vector<double>& sum, const std::vector<double>& values) {
  sum.resize(values.size(), 0.0);
  for (std::size_t k = 0; k < values.size(); ++k) sum[k] += values[k];
}

void scale(std::vector<double>& values, std::size_t count) {
  for (double& v : values) v /= static_cast<double>(std::max<std::size_t>(count, 1));
}

const ClassMetric& class_metric(std::string_view name) {
  return entry_named(kClassMetrics, name, "metric");
}

/// The images with what is needed of each again and again.
class Computation {
 public:
  /// report       another project's way of adding up, or null
  /// millimetres  all images with a lesion have distances in them
  Computation(const std::vector<ImageScore>& images, int batch, const OverlapReport* report,
              bool millimetres)
      : images_(images), batch_(batch), report_(report), millimetres_(millimetres) {
    for (const ImageScore& image : images) {
      std::vector<double> values = unit_values(image.confusion);
      values.push_back(image.surface.hd95);
      values.push_back(image.surface.average);
      if (millimetres) {
        const SurfaceDistance mm = image.millimetres.value_or(SurfaceDistance{});
        values.push_back(mm.hd95);
        values.push_back(mm.average);
      }
      per_image_.push_back(std::move(values));
    }
  }

  std::vector<Row> rows() const {
    std::vector<Row> all;
    for (const char* aggregation : {"pooled", "per_batch", "per_image"}) {
      for (Row row : unit_rows()) {
        row.aggregation = aggregation;
        all.push_back(std::move(row));
      }
    }
    all.push_back({"per_image", "hd95", "lesion"});
    all.push_back({"per_image", "surface_distance", "lesion"});
    if (millimetres_) {
      all.push_back({"per_image", "hd95_mm", "lesion"});
      all.push_back({"per_image", "surface_distance_mm", "lesion"});
    }
    all.push_back({"lesion_free", "false_positive_rate", "lesion"});
    if (report_ != nullptr) {
      for (const char* metric : kReported) all.push_back({as_reported(*report_), metric, "mean"});
    }
    return all;
  }

  std::vector<double> values(const Draw& draw) const {
    ConfusionMatrix pooled(images_.front().confusion.classes());
    std::vector<double> per_batch, per_image;
    std::size_t batches = 0, with_lesion = 0, lesion_free = 0, alarms = 0;
    ConfusionMatrix in_batch = pooled;
    for (std::size_t k = 0; k < draw.size(); ++k) {
      const ImageScore& image = images_[draw[k]];
      in_batch += image.confusion;
      if ((k + 1) % static_cast<std::size_t>(batch_) == 0 || k + 1 == draw.size()) {
        add_to(per_batch, unit_values(in_batch));
        pooled += in_batch;
        in_batch = ConfusionMatrix(in_batch.classes());
        ++batches;
      }
      if (image.has_lesion()) {
        add_to(per_image, per_image_[draw[k]]);
        ++with_lesion;
      } else {
        ++lesion_free;
        if (image.predicted_lesion()) ++alarms;
      }
    }
    scale(per_batch, batches);
    scale(per_image, with_lesion);
    per_image.resize(per_image_.front().size(), 0.0);  // where no drawn image has a lesion
    std::vector<double> all = unit_values(pooled);
    all.insert(all.end(), per_batch.begin(), per_batch.end());
    all.insert(all.end(), per_image.begin(), per_image.end());
    all.push_back(static_cast<double>(alarms) /
                  static_cast<double>(std::max<std::size_t>(lesion_free, 1)));
    if (report_ != nullptr) {
      const std::vector<std::vector<ClassCounts>> units = reported_units(draw);
      for (const char* metric : kReported) {
        all.push_back(report_->mean_of(class_metric(metric), units));
      }
    }
    return all;
  }

 private:
  /// The counts of what the report adds up: each image, each batch or all.
  std::vector<std::vector<ClassCounts>> reported_units(const Draw& draw) const {
    const std::size_t size = report_->unit == OverlapReport::Unit::image ? 1
                             : report_->unit == OverlapReport::Unit::batch
                                 ? static_cast<std::size_t>(batch_)
                                 : draw.size();
    std::vector<std::vector<ClassCounts>> units;
    ConfusionMatrix in_unit(images_.front().confusion.classes());
    for (std::size_t k = 0; k < draw.size(); ++k) {
      in_unit += images_[draw[k]].confusion;
      if ((k + 1) % size != 0 && k + 1 != draw.size()) continue;
      units.push_back(class_counts(in_unit, report_->eps));
      in_unit = ConfusionMatrix(in_unit.classes());
    }
    return units;
  }

  const std::vector<ImageScore>& images_;
  int batch_;
  const OverlapReport* report_;
  bool millimetres_;
  std::vector<std::vector<double>> per_image_;
};

std::vector<Score> estimates(const std::vector<ImageScore>& images,
                             const ScoreboardOptions& options, bool millimetres) {
  const Computation computation(images, options.batch, overlap_report(options.convention),
                                millimetres);
  Draw draw(images.size());
  for (std::size_t i = 0; i < draw.size(); ++i) draw[i] = i;
  const std::vector<double> values = computation.values(draw);
  std::vector<std::vector<double>> drawn(values.size());
  Rng rng(options.seed, kBootstrapStream);
  for (int b = 0; b < options.resamples; ++b) {
    for (std::size_t& i : draw) i = static_cast<std::size_t>(rng.below(images.size()));
    const std::vector<double> again = computation.values(draw);
    for (std::size_t k = 0; k < again.size(); ++k) drawn[k].push_back(again[k]);
  }
  std::vector<Score> scores;
  const std::vector<Row> rows = computation.rows();
  for (std::size_t k = 0; k < rows.size(); ++k) {
    Estimate estimate{values[k], values[k], values[k]};
    if (!drawn[k].empty()) {
      std::sort(drawn[k].begin(), drawn[k].end());
      estimate.low = percentile(drawn[k], 0.025);
      estimate.high = percentile(drawn[k], 0.975);
    }
    scores.push_back({rows[k].aggregation, rows[k].metric, rows[k].classes, estimate});
  }
  return scores;
}

std::size_t missed_in(const std::vector<ImageScore>& images) {
  return static_cast<std::size_t>(std::count_if(
      images.begin(), images.end(),
      [](const ImageScore& image) { return image.has_lesion() && !image.predicted_lesion(); }));
}

struct SizeRange {
  const char* name;
  double from, to;  // lesion's share of the image, from <= share < to
};
constexpr SizeRange kSizes[] = {
    {"below 2 %", 0.0, 0.02}, {"2 to 10 %", 0.02, 0.1}, {"above 10 %", 0.1, 2.0}};

const Estimate* find_in(const std::vector<Score>& scores, const std::string& aggregation,
                        const std::string& metric, const std::string& classes) {
  for (const Score& s : scores) {
    if (s.aggregation == aggregation && s.metric == metric && s.classes == classes) {
      return &s.estimate;
    }
  }
  return nullptr;
}

nlohmann::ordered_json to_json(const Estimate& e) {
  return {{"value", e.value}, {"low", e.low}, {"high", e.high}};
}

nlohmann::ordered_json to_json(const Reliability& reliability) {
  nlohmann::ordered_json bins = nlohmann::ordered_json::array();
  for (std::size_t k = 0; k < Reliability::kBins; ++k) {
    const Reliability::Bin& bin = reliability.bins[k];
    if (bin.pixels == 0) continue;
    bins.push_back({{"from", static_cast<double>(k) / Reliability::kBins},
                    {"to", static_cast<double>(k + 1) / Reliability::kBins},
                    {"pixels", bin.pixels},
                    {"confidence", bin.confidence()},
                    {"accuracy", bin.accuracy()}});
  }
  return {{"expected_calibration_error", reliability.expected_error()}, {"bins", std::move(bins)}};
}

std::string cell(const Estimate* e, int digits) {
  return e == nullptr ? "" : e->text(digits);
}

}  // namespace

double percentile(const std::vector<double>& sorted, double share) {
  const double rank = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(rank), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (rank - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

const std::vector<std::pair<std::string, std::string>>& metric_names() {
  static const std::vector<std::pair<std::string, std::string>> names = [] {
    std::vector<std::pair<std::string, std::string>> all;
    for (const ClassMetric& metric : kClassMetrics) all.emplace_back(metric.name, metric.label);
    for (const OverallMetric& metric : kOverallMetrics) all.emplace_back(metric.name, metric.label);
    all.insert(all.end(), {{"hd95", "95 % Hausdorff, pixels"},
                           {"surface_distance", "surface distance, pixels"},
                           {"hd95_mm", "95 % Hausdorff, mm"},
                           {"surface_distance_mm", "surface distance, mm"},
                           {"false_positive_rate", "false-positive rate"}});
    return all;
  }();
  return names;
}

std::string Estimate::text(int digits) const {
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", value, digits, low, digits, high, digits);
}

const Estimate* Scoreboard::find(const std::string& aggregation, const std::string& metric,
                                 const std::string& classes) const {
  return find_in(scores, aggregation, metric, classes);
}

const Estimate& Scoreboard::at(const std::string& aggregation, const std::string& metric,
                               const std::string& classes) const {
  const Estimate* found = find(aggregation, metric, classes);
  DMF_CHECK(found != nullptr, ValueError, "[scoreboard] there is no {} {} of {}.", aggregation,
            metric, classes);
  return *found;
}

nlohmann::ordered_json Scoreboard::to_json() const {
  nlohmann::ordered_json json = {{"images", images},
                                 {"images_with_lesion", with_lesion},
                                 {"missed_lesions", missed},
                                 {"lost_by_scaling", lost},
                                 {"batch", batch}};
  for (const Score& s : scores) json[s.aggregation][s.metric][s.classes] = dmf::to_json(s.estimate);
  json["pooled"]["dice"]["per_class"] = dice_per_class;
  if (reliability.pixels() > 0) json["calibration"] = dmf::to_json(reliability);
  for (const Stratum& stratum : strata) {
    nlohmann::ordered_json& into = json["by_lesion_size"][stratum.name];
    into = {{"images", stratum.images}, {"missed_lesions", stratum.missed}};
    for (const Score& s : stratum.scores) into[s.metric] = dmf::to_json(s.estimate);
  }
  return json;
}

std::string Scoreboard::table(const std::string& title) const {
  std::string text = wrapped(title, 2, 80) + "\n";
  const auto row = [&](const std::string& name, const Estimate* lesion, const Estimate* mean,
                       int digits = 4) {
    std::string line =
        fmt::format("  {:<26} {:<25} {}", name, cell(lesion, digits), cell(mean, digits));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  text += fmt::format("  {:<26} {:<25} {}\n", "95 % intervals over images", "lesion",
                      "mean over classes");
  // The first so many metrics under one convention.
  const auto block = [&](const std::string& aggregation, const std::string& name,
                         std::size_t metrics) {
    text += fmt::format("  {}\n", name);
    for (std::size_t k = 0; k < metrics; ++k) {
      const auto& [metric, label] = metric_names()[k];
      row("  " + label, find(aggregation, metric, "lesion"), find(aggregation, metric, "mean"));
    }
  };
  block("pooled", "pooled over all pixels of the set",
        std::size(kClassMetrics) + std::size(kOverallMetrics));
  if (reliability.pixels() > 0) {
    text += fmt::format("  {:<26} {:.4f}, expected, of {} bins\n", "  calibration error",
                        reliability.expected_error(), Reliability::kBins);
  }
  block("per_batch", fmt::format("mean over batches of {} images", batch), 2);
  if (report != nullptr) {
    block(as_reported(*report), fmt::format("as {} reports it: {}", report->name, report->what), 2);
  }
  if (with_lesion > 0) {
    block("per_image",
          fmt::format("mean over {} image{} with lesion", with_lesion, with_lesion == 1 ? "" : "s"),
          4);
    row("  95 % Hausdorff, pixels", find("per_image", "hd95", "lesion"), nullptr, 2);
    row("  surface distance, pixels", find("per_image", "surface_distance", "lesion"), nullptr, 2);
    if (const Estimate* hd95 = find("per_image", "hd95_mm", "lesion")) {
      row("  95 % Hausdorff, mm", hd95, nullptr, 2);
      row("  surface distance, mm", find("per_image", "surface_distance_mm", "lesion"), nullptr, 2);
    }
    text += fmt::format("  {:<26} {}\n", "  missed lesions", missed);
    if (lost > 0) text += fmt::format("  {:<26} {}\n", "  lesions lost by scaling", lost);
    if (!strata.empty()) text += "  Dice of images where so much is lesion\n";
    for (const Stratum& s : strata) {
      row(fmt::format("  {} ({})", s.name, s.images),
          find_in(s.scores, "per_image", "dice", "lesion"), nullptr);
    }
  }
  if (with_lesion < images) {
    text += fmt::format("  of {} without lesion\n", images - with_lesion);
    row("  false-positive rate", find("lesion_free", "false_positive_rate", "lesion"), nullptr);
  }
  return text;
}

Scoreboard make_scoreboard(const std::vector<ImageScore>& images,
                           const ScoreboardOptions& options) {
  DMF_CHECK(!images.empty(), ValueError, "[scoreboard] there are no images to score.");
  Scoreboard board;
  board.images = images.size();
  board.batch = options.batch;
  board.report = overlap_report(options.convention);
  board.missed = missed_in(images);
  board.lost = static_cast<std::size_t>(std::count_if(
      images.begin(), images.end(), [](const ImageScore& image) { return image.lesion_lost; }));
  ConfusionMatrix pooled(images.front().confusion.classes());
  std::vector<ImageScore> lesions;
  for (const ImageScore& image : images) {
    pooled += image.confusion;
    if (image.has_lesion()) lesions.push_back(image);
  }
  board.with_lesion = lesions.size();
  const bool millimetres =
      !lesions.empty() && std::all_of(lesions.begin(), lesions.end(), [](const ImageScore& image) {
        return image.millimetres.has_value();
      });
  board.scores = estimates(images, options, millimetres);
  board.dice_per_class = score(pooled, 0.0)["dice"].per_class;
  // What has nothing to be computed from is left out.
  std::erase_if(board.scores, [&](const Score& s) {
    return (s.aggregation == "per_image" && lesions.empty()) ||
           (s.aggregation == "lesion_free" && lesions.size() == images.size());
  });
  for (const SizeRange& range : kSizes) {
    std::vector<ImageScore> inside;
    for (const ImageScore& image : lesions) {
      const double share = image.lesion_share();
      if (share >= range.from && share < range.to) inside.push_back(image);
    }
    if (inside.empty()) continue;
    Scoreboard::Stratum stratum{range.name, inside.size(), missed_in(inside), {}};
    static const std::set<std::string> kKept = {
        "dice", "iou", "hd95", "surface_distance", "hd95_mm", "surface_distance_mm"};
    for (Score& s : estimates(inside, options, millimetres)) {
      if (s.aggregation == "per_image" && s.classes == "lesion" && kKept.contains(s.metric)) {
        stratum.scores.push_back(std::move(s));
      }
    }
    board.strata.push_back(std::move(stratum));
  }
  return board;
}

}  // namespace dmf
