#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/data/csv.h"
#include "apps/data/samples.h"

namespace dmf {

/// Which items train, validate and test: indices into a SampleSet.
struct Split {
  std::vector<std::size_t> train, validation, test;
};

/// 70/15/15: validation and test are round(0.15 n) each (paper's protocol), drawn by `seed`.
///
/// groups  one number an item; items of one group stay on one side. With groups of more than one
///         item the parts are as close to their sizes as whole groups allow.
/// throws  ValueError for fewer than three groups
Split split_by_seed(const std::vector<std::size_t>& groups, std::uint64_t seed);

/// Cross-validation: items divided into folds of about equal size, drawn by `seed`; groups as
/// above.
///
/// return  the fold of every item, from 0
/// throws  ValueError for fewer than three folds, or fewer groups than folds
std::vector<std::size_t> folds_by_seed(const std::vector<std::size_t>& groups, int folds,
                                       std::uint64_t seed);

/// Fold `fold` (from 1) tests, the one after it (the first after the last) validates, the others
/// train.
///
/// throws  ValueError for a fold that is not there, fewer than three, or an empty part
Split split_by_fold(const std::vector<std::size_t>& fold_of, int fold);

/// Official folds from a CSV with a column of images (id, image, image_id, filename or name) and
/// one of fold numbers (fold, kfold, k-fold or k_fold), in any case and among others.
///
/// return  the fold of every item, from 0
/// throws  IoError for a column that is not there, a fold that is no number, an image that is
///         unknown, given twice or missing
std::vector<std::size_t> parse_folds(const CsvTable& table, const SampleSet& samples);

/// A CSV of two columns, id and part (train, validation, test).
std::string split_csv(const Split& split, const SampleSet& samples);

/// Whether a split may name images that the data set no longer has, and leave out new ones.
enum class DataChange { refused, allowed };

/// throws  IoError for a line that is not sound, an id that is given twice, unknown or missing
///         (where that is refused), or an empty part
Split parse_split(const CsvTable& table, const SampleSet& samples,
                  DataChange change = DataChange::refused);

}  // namespace dmf
