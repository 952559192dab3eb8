#include "apps/data/split_options.h"

#include "apps/support/option_set.h"

namespace dmf {
namespace {

constexpr Nature kDividingFile = {.bears_on = BearsOn::split, .may_vary = false, .is_path = true};
constexpr Nature kOfRepetition = {.may_vary = false};

}  // namespace

void SplitOptions::bind(OptionSet& set) {
  const OptionGroup add(set, "Data");
  add.choice("--split", rule, kSplitRules,
             "random; grouped: near-duplicate images stay on one side; given-or-...: as train, "
             "validation and test folders say where there are such");
  add.value("--groups", groups,
            "Keep images of one group on one side: CSV with a column of images and one named "
            "group, patient, patient_id, subject or case",
            {.bears_on = BearsOn::split, .is_path = true});
  add.value("--group-by", group_by,
            "The same by a regular expression: what its first capture finds in an image's id",
            {.bears_on = BearsOn::split});
  add.value("--split-seed", seed, "Of the split alone; 0: as --seed", kOfRepetition);
  add.value("--folds", folds, "Cross-validation over so many folds instead of 70/15/15; 0: none")
      ->check(whole_number(0, 1000));
  add.value("--fold", fold, "The one that tests; the next validates", kOfRepetition)
      ->check(whole_number(1, 1000));
  add.value("--set-aside", set_aside,
            "The fold that is in no part of any fold's run, to score their ensemble; 0: none",
            {.may_vary = false})
      ->check(whole_number(0, 1000));
  add.value("--validation-share", validation_share,
            "With folds: the share of the others that validates; 0: the next fold does")
      ->check(number_in({.least = 0, .most = 0.5}));
  add.value("--folds-file", folds_file,
            "Take the folds from this CSV: a column of images, and one named fold or kFold",
            kDividingFile);
  add.value("--split-file", split_file, "Take the split from this CSV (a run's split.csv) instead",
            kDividingFile);
  add.value("--duplicate-threshold", duplicate_threshold,
            "Thumbnails that correlate above this are near-duplicates")
      ->check(number_in(kUnit));
}

}  // namespace dmf
