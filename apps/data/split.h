#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/data/samples.h"
#include "apps/files/csv.h"

namespace dmf {

/// Which items train, validate and test: indices into a SampleSet. Those set aside are in no part of
/// any run of a cross-validation; they score the ensemble of all.
struct Split {
  std::vector<std::size_t> train, validation, test, aside = {};
};

/// 70/15/15: validation and test are round(0.15 n) each (paper's protocol), drawn by `seed`.
///
/// groups  one number an item; items of one group stay on one side. With groups of more than one
///         item the parts are as close to their sizes as whole groups allow.
/// throws  ValueError for fewer than three groups
Split split_by_seed(const std::vector<std::size_t>& groups, std::uint64_t seed);

/// The parts that the folders give. A part that they lack (validation or test) is drawn from the
/// training images by `seed`: round(0.15 n) of them.
///
/// groups  one number an item; images drawn stay with their group
/// return  nothing where the folders give no parts, or one only
/// throws  IoError where only some items have a part, or none trains; ValueError where there is
///         nothing to draw from
std::optional<Split> given_split(const std::vector<DatasetItem>& items,
                                 const std::vector<std::size_t>& groups, std::uint64_t seed);

/// Fails where a group is in two parts.
///
/// throws  IoError naming two of its items
void check_whole_groups(const Split& split, const std::vector<std::size_t>& groups,
                        const std::vector<DatasetItem>& items);

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
/// aside   a fold that is left out of all this and set aside; 0: none
/// throws  ValueError for a fold that is not there, fewer than three beside the one set aside, or an
///         empty part
Split split_by_fold(const std::vector<std::size_t>& fold_of, int fold, int aside = 0);

/// Draws anew who of those that train or validate validates: about this share of them, in whole
/// groups, so that a cross-validation need not keep a whole fold from training to choose with.
///
/// share   in (0, 1)
/// throws  ValueError where they are all one group
void draw_validation(Split& split, const std::vector<std::size_t>& groups, double share,
                     std::uint64_t seed);

/// Official folds from a CSV with a column of images (id, image, image_id, filename, file or name)
/// and one of fold numbers (fold, kfold, k-fold or k_fold), in any case and among others.
///
/// return  the fold of every item, from 0
/// throws  IoError for a column that is not there, a fold that is no number, an image that is
///         unknown, given twice or missing
std::vector<std::size_t> parse_folds(const CsvTable& table, const SampleSet& samples);

/// A CSV of two columns, id and part (train, validation, test, aside).
std::string split_csv(const Split& split, const SampleSet& samples);

/// Whether a split may name images that the data set no longer has, and leave out new ones.
enum class DataChange { refused, allowed };

/// throws  IoError for a line that is not sound, an id that is given twice, unknown or missing
///         (where that is refused), or an empty part
Split parse_split(const CsvTable& table, const SampleSet& samples,
                  DataChange change = DataChange::refused);

}  // namespace dmf
