#include "apps/data/duplicates.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/core/parallel.h"

namespace dmf {
namespace {

constexpr int kThumbnail = 32;

/// Grey thumbnail with mean 0 and norm 1, so that a dot product is a correlation; a flat image is
/// all zeros and correlates with nothing.
std::vector<double> thumbnail_of(const Image& image) {
  const Image small = resize(image, kThumbnail, kThumbnail, Interpolation::area);
  std::vector<double> values;
  for (std::size_t i = 0; i < small.pixels.size(); i += static_cast<std::size_t>(small.channels)) {
    values.push_back(static_cast<double>(small.pixels[i]));
  }
  const double mean =
      std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double squares = 0.0;
  for (double& v : values) {
    v -= mean;
    squares += v * v;
  }
  for (double& v : values) v = squares > 0.0 ? v / std::sqrt(squares) : 0.0;
  return values;
}

std::size_t root_of(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

std::vector<AlikePair> near_duplicates(const SampleSet& samples, double threshold) {
  std::vector<std::vector<double>> thumbnails;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    thumbnails.push_back(thumbnail_of(samples.sample(i).image));
  }
  std::vector<std::vector<AlikePair>> found(samples.size());
  parallel_for(static_cast<Index>(samples.size()), [&](Index row) {
    const auto i = static_cast<std::size_t>(row);
    for (std::size_t j = i + 1; j < samples.size(); ++j) {
      const double correlation = std::inner_product(thumbnails[i].begin(), thumbnails[i].end(),
                                                    thumbnails[j].begin(), 0.0);
      if (correlation > threshold) found[i].push_back({i, j, correlation});
    }
  });
  std::vector<AlikePair> pairs;
  for (const auto& each : found) pairs.insert(pairs.end(), each.begin(), each.end());
  return pairs;
}

std::vector<std::size_t> no_groups(std::size_t items) {
  std::vector<std::size_t> groups(items);
  std::iota(groups.begin(), groups.end(), std::size_t{0});
  return groups;
}

std::vector<std::size_t> groups_of(const std::vector<AlikePair>& pairs, std::size_t items) {
  std::vector<std::size_t> parent = no_groups(items);
  for (const AlikePair& pair : pairs) {
    const std::size_t a = root_of(parent, pair.first), b = root_of(parent, pair.second);
    parent[std::max(a, b)] = std::min(a, b);
  }
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = root_of(parent, i);
  return parent;
}

}  // namespace dmf
