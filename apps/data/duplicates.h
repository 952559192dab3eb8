#pragma once

#include <cstddef>
#include <vector>

#include "apps/data/samples.h"

namespace dmf {

/// Two images whose 32 x 32 thumbnails correlate.
struct AlikePair {
  std::size_t first, second;  // first < second
  double correlation;
};

/// Every pair that correlates above `threshold`, in order. (The thumbnails are taken from the
/// images as the network sees them; a flat image is like no other.)
std::vector<AlikePair> near_duplicates(const SampleSet& samples, double threshold);

/// The same of thumbnails, 32 x 32 numbers each with mean 0 and norm 1, or all 0.
std::vector<AlikePair> alike_pairs(const std::vector<std::vector<double>>& thumbnails,
                                   double threshold);

/// Every item a group of its own.
std::vector<std::size_t> no_groups(std::size_t items);

/// Groups of near-duplicate images, one number an item: the pairs, and whatever is linked through
/// them.
std::vector<std::size_t> groups_of(const std::vector<AlikePair>& pairs, std::size_t items);

}  // namespace dmf
