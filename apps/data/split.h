#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

/// Every item a group of its own.
std::vector<std::size_t> no_groups(std::size_t items);

/// Groups of near-duplicate images: those whose 32 x 32 thumbnails correlate above `threshold`, and
/// whatever is linked through them.
std::vector<std::size_t> near_duplicate_groups(const SampleSet& samples, double threshold);

/// A CSV of two columns, id and part (train, validation, test).
void write_split(const std::filesystem::path& path, const Split& split, const SampleSet& samples);
/// throws  IoError for a line that is not sound, an id that is unknown, given twice or missing, or
///         an empty part
Split read_split(const std::filesystem::path& path, const SampleSet& samples);

}  // namespace dmf
