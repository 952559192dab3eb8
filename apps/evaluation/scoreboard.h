#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/evaluation/evaluation.h"
#include "apps/evaluation/reported_overlap.h"

namespace dmf {

/// A number with its 95 % confidence interval: percentiles 2.5 and 97.5 of the same number computed
/// over images drawn anew with replacement (bootstrap).
struct Estimate {
  double value = 0.0, low = 0.0, high = 0.0;

  std::string text(int digits) const;  // "0.8123 (0.7811 to 0.8402)"
};

/// The value below which so large a share of the others lies, between two of them in proportion.
///
/// sorted  ascending, at least one
/// share   in [0, 1]
double percentile(const std::vector<double>& sorted, double share);

/// Every metric of a scoreboard and what people call it, in the order of tables.
const std::vector<std::pair<std::string, std::string>>& metric_names();

/// One number of a scoreboard, under the convention it was computed by.
struct Score {
  std::string aggregation;  // "pooled", "per_batch", "per_image", "as_monai", "lesion_free"
  std::string metric;       // "dice", "iou", "precision", ..., "surface_distance_mm"
  std::string classes;      // "lesion": all classes above 0 as one; "mean": over all classes
  Estimate estimate;
};

/// The same predictions under every convention that a reader may mean:
///
///   pooled     the counts of all pixels of the set; "mean" is what the paper's tables hold
///   per_batch  the mean over batches of 32 images in order, as the authors' demo computes it
///   per_image  the mean over the images that have a lesion; a missed lesion has Dice 0, and its
///              distances are the image's diagonal; in millimetres only where the files of all
///              of them give their spacing
///   as_NAME    Dice and IoU as another project reports them (reported_overlap.h), where a convention
///              other than paper's was asked for
///
/// Images without a lesion have no Dice of their own: they give the false-positive rate, the share
/// of them in which a lesion was predicted.
struct Scoreboard {
  struct Stratum {
    std::string name;  // "below 2 %": by the lesion's share of the image
    std::size_t images = 0, missed = 0;
    std::vector<Score> scores;
  };

  std::size_t images = 0, with_lesion = 0, missed = 0;
  std::size_t lost = 0;  // of those with lesion: none of it has a pixel at the scored size
  int batch = 32;
  const OverlapReport* report = nullptr;  // another project's, where there is one
  std::vector<Score> scores;
  std::vector<Stratum> strata;
  std::vector<double> dice_per_class;  // pooled
  Reliability reliability = {};        // of all pixels; empty where only counts are known

  /// return  null where there is no such number
  const Estimate* find(const std::string& aggregation, const std::string& metric,
                       const std::string& classes) const;
  /// throws  ValueError where there is no such number
  const Estimate& at(const std::string& aggregation, const std::string& metric,
                     const std::string& classes) const;
  nlohmann::ordered_json to_json() const;
  /// The table for the terminal.
  std::string table(const std::string& title) const;
};

struct ScoreboardOptions {
  int batch = 32;
  std::string convention = "paper";
  int resamples = 1000;
  std::uint64_t seed = 1;
};

/// throws  ValueError for no images
Scoreboard make_scoreboard(const std::vector<ImageScore>& images,
                           const ScoreboardOptions& options = {});

}  // namespace dmf
