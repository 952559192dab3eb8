#include "apps/data/duplicates.h"

#include <algorithm>
#include <array>
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

constexpr std::size_t kRows = 8, kLanes = 16;  // of pairs that are looked at together
constexpr double kRounding = 1e-5;             // more than floats of a sketch can lose

/// Of each thumbnail its blocks' sums, scaled so that they are coordinates of an orthogonal projection,
/// and as one more the length of what that leaves out. By Cauchy and Schwarz two thumbnails correlate no
/// more than their sketches' product: few pairs need to be looked at pixel by pixel.
class Sketches {
 public:
  using Bounds = std::array<std::array<float, kLanes>, kRows>;

  /// block  height and width of a block; divides the thumbnails'
  Sketches(const std::vector<std::vector<double>>& thumbnails, int block)
      : padded_((thumbnails.size() + kLanes - 1) / kLanes * kLanes),
        size_(static_cast<std::size_t>((kThumbnail / block) * (kThumbnail / block)) + 1),
        numbers_(padded_ * size_) {
    const auto side = static_cast<std::size_t>(block);
    constexpr auto kSide = static_cast<std::size_t>(kThumbnail);
    for (std::size_t i = 0; i < thumbnails.size(); ++i) {
      std::vector<double> sums(size_ - 1);
      double rest = 0.0;
      for (std::size_t k = 0; k < thumbnails[i].size(); ++k) {
        sums[k / kSide / side * (kSide / side) + k % kSide / side] += thumbnails[i][k];
        rest += thumbnails[i][k] * thumbnails[i][k];
      }
      for (std::size_t k = 0; k < sums.size(); ++k) {
        const double coordinate = sums[k] / block;
        rest -= coordinate * coordinate;
        numbers_[k * padded_ + i] = static_cast<float>(coordinate);
      }
      numbers_[(size_ - 1) * padded_ + i] = static_cast<float>(std::sqrt(std::max(rest, 0.0)));
    }
  }

  float bound(std::size_t i, std::size_t j) const {
    float sum = 0.0f;
    for (std::size_t k = 0; k < size_; ++k) sum += number(k, i) * number(k, j);
    return sum;
  }
  /// Of kRows from i on with each of kLanes from `first` on, multiples of these; 0 behind the last.
  Bounds bounds(std::size_t i, std::size_t first) const {
    Bounds sums = {};
    for (std::size_t k = 0; k < size_; ++k) {
      const float* own = numbers_.data() + k * padded_ + i;
      const float* others = numbers_.data() + k * padded_ + first;
      for (std::size_t row = 0; row < kRows; ++row) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
          sums[row][lane] += own[row] * others[lane];
        }
      }
    }
    return sums;
  }

 private:
  float number(std::size_t k, std::size_t i) const { return numbers_[k * padded_ + i]; }

  std::size_t padded_, size_;
  std::vector<float> numbers_;  // coordinate by coordinate, all thumbnails of each
};

std::size_t root_of(std::vector<std::size_t>& parent, std::size_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

std::vector<AlikePair> near_duplicates(const SampleSet& samples, double threshold) {
  std::vector<std::vector<double>> thumbnails(samples.size());
  rethrow_first(parallel_try(static_cast<Index>(samples.size()), [&](Index index) {
    const auto i = static_cast<std::size_t>(index);
    thumbnails[i] = thumbnail_of(samples.sample(i).image);
  }));
  return alike_pairs(thumbnails, threshold);
}

std::vector<AlikePair> alike_pairs(const std::vector<std::vector<double>>& thumbnails,
                                   double threshold) {
  const Sketches coarse(thumbnails, 8), fine(thumbnails, 4);
  const auto least = static_cast<float>(threshold - kRounding);
  const std::size_t count = thumbnails.size();
  std::vector<std::vector<AlikePair>> found(count);
  const auto look = [&](std::size_t i, std::size_t j) {
    if (fine.bound(i, j) <= least) return;
    const double correlation =
        std::inner_product(thumbnails[i].begin(), thumbnails[i].end(), thumbnails[j].begin(), 0.0);
    if (correlation > threshold) found[i].push_back({i, j, correlation});
  };
  parallel_for(chunk_count(static_cast<Index>(count), kRows), [&](Index block) {
    const std::size_t top = static_cast<std::size_t>(block) * kRows;
    for (std::size_t first = top / kLanes * kLanes; first < count; first += kLanes) {
      const Sketches::Bounds bounds = coarse.bounds(top, first);
      for (std::size_t i = top; i < std::min(top + kRows, count); ++i) {
        const auto& of_row = bounds[i - top];
        if (*std::max_element(of_row.begin(), of_row.end()) <= least) continue;
        for (std::size_t j = std::max(first, i + 1); j < std::min(first + kLanes, count); ++j) {
          if (of_row[j - first] > least) look(i, j);
        }
      }
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
