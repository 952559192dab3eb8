#include "apps/image/regions.h"

#include <algorithm>
#include <utility>

namespace dmf {
namespace {

/// Which region each pixel belongs to; -1 for background.
struct RegionMap {
  int height, width;
  std::vector<std::int32_t> ids;

  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
  bool holds(int x, int y, std::int32_t id) const {
    return x >= 0 && y >= 0 && x < width && y < height && ids[index(x, y)] == id;
  }
};

/// Follows an edge of a region with its pixels to the right, from the upper left corner of a pixel
/// along its upper side and back. Where only corners of the region touch, it stays with its pixel.
///
/// seen  by pixel: its upper side belongs to a ring already
Ring follow(const RegionMap& map, Corner start, std::int32_t id, std::vector<bool>& seen) {
  constexpr Corner kStep[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};  // right, down, left, up
  constexpr Corner kRight[] = {
      {0, 0}, {-1, 0}, {-1, -1}, {0, -1}};  // the pixel ahead, to the right
  constexpr Corner kLeft[] = {{0, -1}, {0, 0}, {-1, 0}, {-1, -1}};
  Ring ring;
  Corner at = start;
  std::size_t direction = 0;
  do {
    if (direction == 0) seen[map.index(at.x, at.y)] = true;
    at = {at.x + kStep[direction].x, at.y + kStep[direction].y};
    const Corner right = kRight[direction], left = kLeft[direction];
    std::size_t next = direction;
    if (!map.holds(at.x + right.x, at.y + right.y, id)) {
      next = (direction + 1) % 4;
    } else if (map.holds(at.x + left.x, at.y + left.y, id)) {
      next = (direction + 3) % 4;
    }
    if (next != direction) ring.push_back(at);
    direction = next;
  } while (!(at == start && direction == 0));
  return ring;
}

/// Rings as one linked list of all the corners that they pass, turning or not.
class Chain {
 public:
  explicit Chain(const std::vector<Ring>& rings) {
    for (const Ring& ring : rings) {
      const std::size_t first = corners_.size();
      for (std::size_t i = 0; i < ring.size(); ++i) {
        const Corner to = ring[(i + 1) % ring.size()];
        const int dx = (to.x > ring[i].x) - (to.x < ring[i].x);
        const int dy = (to.y > ring[i].y) - (to.y < ring[i].y);
        for (Corner at = ring[i]; !(at == to); at = {at.x + dx, at.y + dy}) add(at);
      }
      next_.back() = first;
      previous_[first] = corners_.size() - 1;
      std::size_t top = first;
      for (std::size_t i = first; i < corners_.size(); ++i) top = key(i) < key(top) ? i : top;
      tops_.push_back(top);
    }
    for (std::size_t i = 0; i < corners_.size(); ++i) by_row_.emplace_back(key(i), i);
    std::sort(by_row_.begin(), by_row_.end());
  }

  /// Joins a ring to the corner next to the left of its upper left one. There is such a corner, on
  /// another ring, and only one: what lies between belongs to the region.
  void join(std::size_t ring) {
    const std::size_t from = tops_[ring];
    const auto at =
        std::lower_bound(by_row_.begin(), by_row_.end(), std::pair(key(from), std::size_t{0}));
    const std::size_t to = std::prev(at)->second;
    const std::size_t after = next_[to], last = previous_[from];
    link(to, from);
    const std::size_t from_again = add(corners_[from]), to_again = add(corners_[to]);
    link(last, from_again);
    link(from_again, to_again);
    link(to_again, after);
  }

  /// The ring from the first corner on, without the corners at which it does not turn.
  Ring corners() const {
    Ring ring;
    std::size_t at = tops_.front();
    do {
      const Corner before = corners_[previous_[at]], here = corners_[at],
                   then = corners_[next_[at]];
      const bool straight = (here.x - before.x) * (then.y - here.y) == 0 &&
                            (here.y - before.y) * (then.x - here.x) == 0 &&
                            (here.x - before.x) * (then.x - here.x) >= 0 &&
                            (here.y - before.y) * (then.y - here.y) >= 0;
      if (!straight) ring.push_back(here);
      at = next_[at];
    } while (at != tops_.front());
    return ring;
  }

 private:
  std::pair<int, int> key(std::size_t i) const { return {corners_[i].y, corners_[i].x}; }
  std::size_t add(Corner corner) {
    const std::size_t i = corners_.size();
    corners_.push_back(corner);
    previous_.push_back(i - 1);
    next_.push_back(i + 1);
    return i;
  }
  void link(std::size_t a, std::size_t b) {
    next_[a] = b;
    previous_[b] = a;
  }

  std::vector<Corner> corners_;
  std::vector<std::size_t> next_, previous_, tops_;  // tops: of each ring the upper left corner
  std::vector<std::pair<std::pair<int, int>, std::size_t>> by_row_;
};

}  // namespace

std::vector<Region> regions_of(const LabelMap& labels) {
  Parts parts = parts_of(labels);
  const RegionMap map{labels.height, labels.width, std::move(parts.ids)};
  std::vector<bool> seen(labels.labels.size());
  std::vector<Region> regions;
  for (const Part& part : parts.all) regions.push_back({part, {}});
  for (int y = 0; y < labels.height; ++y) {
    for (int x = 0; x < labels.width; ++x) {
      if (labels.at(y, x) <= 0) continue;
      const std::int32_t id = map.ids[map.index(x, y)];
      // A region's first upper side in reading order is its outer ring's.
      if (!map.holds(x, y - 1, id) && !seen[map.index(x, y)]) {
        regions[static_cast<std::size_t>(id)].rings.push_back(follow(map, {x, y}, id, seen));
      }
    }
  }
  return regions;
}

Ring with_seams(const Region& region) {
  if (region.rings.size() == 1) return region.rings.front();
  Chain chain(region.rings);
  for (std::size_t ring = 1; ring < region.rings.size(); ++ring) chain.join(ring);
  return chain.corners();
}

std::vector<std::int64_t> run_lengths(const Region& region, int height, int width) {
  std::vector<std::pair<int, int>> sides;  // upper and lower ones of pixels: column, row
  for (const Ring& ring : region.rings) {
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const Corner a = ring[i], b = ring[(i + 1) % ring.size()];
      for (int x = std::min(a.x, b.x); x < std::max(a.x, b.x); ++x) sides.emplace_back(x, a.y);
    }
  }
  std::sort(sides.begin(), sides.end());
  std::vector<std::int64_t> counts;
  std::int64_t end = 0;               // of what is counted
  for (const auto& [x, y] : sides) {  // in each column into the region and out of it in turn
    const std::int64_t position = std::int64_t{x} * height + y;
    if (position == end && !counts.empty()) {  // goes on at the top of the next column
      end -= counts.back();
      counts.pop_back();
      continue;
    }
    counts.push_back(position - end);
    end = position;
  }
  const std::int64_t all = std::int64_t{height} * width;
  if (end < all) counts.push_back(all - end);
  return counts;
}

}  // namespace dmf
