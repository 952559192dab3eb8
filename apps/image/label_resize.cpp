#include "apps/image/label_resize.h"

#include <algorithm>
#include <map>
#include <span>

#include "apps/image/resize.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// What an output pixel covers on one axis: input pixels first .. first + weight.size(), each by so
/// many parts; an input pixel has `out` parts, an output pixel `in`.
struct Cover {
  int first = 0;
  std::vector<std::int64_t> weight;
};

std::vector<Cover> covers(int in, int out) {
  std::vector<Cover> all;
  for (std::int64_t i = 0; i < out; ++i) {
    const std::int64_t begin = i * in, end = (i + 1) * in;
    Cover cover{static_cast<int>(begin / out), {}};
    for (std::int64_t k = cover.first; k * out < end; ++k) {
      cover.weight.push_back(std::min((k + 1) * out, end) - std::max(k * out, begin));
    }
    all.push_back(std::move(cover));
  }
  return all;
}

/// Output pixels that cover a part of input pixels first .. last.
struct Range {
  int begin, end;
};
Range covering(int first, int last, int in, int out) {
  return {static_cast<int>(std::int64_t{first} * out / in),
          static_cast<int>((std::int64_t{last + 1} * out + in - 1) / in)};
}

LabelMap by_centre(const LabelMap& labels, int height, int width) {
  LabelMap result(height, width);
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      result.at(h, w) =
          labels.at(nearest_index(h, labels.height, height), nearest_index(w, labels.width, width));
    }
  }
  return result;
}

/// Whether all that an output pixel covers has this label.
bool all_alike(const LabelMap& labels, const Cover& row, const Cover& col, std::int32_t label) {
  std::int32_t others = 0;
  for (std::size_t r = 0; r < row.weight.size(); ++r) {
    const std::int32_t* line =
        labels.labels.data() + labels.index(row.first + static_cast<int>(r), col.first);
    for (std::size_t c = 0; c < col.weight.size(); ++c) others |= line[c] ^ label;
  }
  return others == 0;
}

LabelMap by_share(const LabelMap& labels, int height, int width) {
  const std::vector<Cover> rows = covers(labels.height, height), cols = covers(labels.width, width);
  LabelMap result = by_centre(labels, height, width);
  std::vector<std::pair<std::int32_t, std::int64_t>> areas;  // few labels meet in one pixel
  for (int h = 0; h < height; ++h) {
    const Cover& row = rows[static_cast<std::size_t>(h)];
    for (int w = 0; w < width; ++w) {
      const Cover& col = cols[static_cast<std::size_t>(w)];
      if (all_alike(labels, row, col, result.at(h, w))) continue;
      areas.assign(1, {result.at(h, w), 0});  // the centre's comes first, so it wins a tie
      for (std::size_t r = 0; r < row.weight.size(); ++r) {
        const std::int32_t* line =
            labels.labels.data() + labels.index(row.first + static_cast<int>(r), col.first);
        for (std::size_t c = 0; c < col.weight.size(); ++c) {
          const std::int64_t area = row.weight[r] * col.weight[c];
          const auto found = std::find_if(areas.begin(), areas.end(),
                                          [&](const auto& a) { return a.first == line[c]; });
          if (found == areas.end()) {
            areas.emplace_back(line[c], area);
          } else {
            found->second += area;
          }
        }
      }
      std::sort(areas.begin() + 1, areas.end());
      result.at(h, w) =
          std::max_element(areas.begin(), areas.end(), [](const auto& a, const auto& b) {
            return a.second < b.second;
          })->first;
    }
  }
  return result;
}

/// Pixels of one class in a row: first .. last.
struct Run {
  int row, first, last;
  std::int32_t label;
  std::size_t lesion;  // which it belongs to
};

struct Lesions {
  std::vector<Run> runs;  // by row, then column
  std::size_t count = 0;
};

Lesions find_lesions(const LabelMap& labels, int ignored) {
  Lesions lesions;
  std::vector<std::size_t> parent;  // of each run, a run of the same lesion; a root is its own
  const auto root = [&](std::size_t r) {
    while (parent[r] != r) r = parent[r] = parent[parent[r]];
    return r;
  };
  std::size_t above = 0, above_end = 0;  // the runs of the row above
  for (int h = 0; h < labels.height; ++h) {
    const std::size_t begin = lesions.runs.size();
    for (int w = 0; w < labels.width;) {
      const std::int32_t label = labels.at(h, w);
      const int first = w;
      while (w < labels.width && labels.at(h, w) == label) ++w;
      if (label <= 0 || label == ignored) continue;
      parent.push_back(parent.size());
      lesions.runs.push_back({h, first, w - 1, label, 0});
      while (above < above_end && lesions.runs[above].last + 1 < first) ++above;
      for (std::size_t a = above; a < above_end && lesions.runs[a].first <= w; ++a) {
        if (lesions.runs[a].label == label) parent[root(a)] = root(parent.size() - 1);
      }
    }
    above = begin;
    above_end = lesions.runs.size();
  }
  std::map<std::size_t, std::size_t> number;
  for (std::size_t r = 0; r < lesions.runs.size(); ++r) {
    lesions.runs[r].lesion = number.emplace(root(r), number.size()).first->second;
  }
  lesions.count = number.size();
  return lesions;
}

/// A lesion's area in an output pixel, in parts of pixels as Cover counts them.
struct Touch {
  std::size_t pixel, lesion;
  std::int64_t area;
};

/// What becomes of each lesion: which output pixels it touches, and how many of them show it, that
/// is have its label.
class Survival {
 public:
  Survival(const Lesions& lesions, const LabelMap& from, LabelMap& to)
      : to_(to), label_(lesions.count), shown_(lesions.count), first_(lesions.count) {
    for (const Run& run : lesions.runs) {
      label_[run.lesion] = run.label;
      add_touches(run, from);
    }
    merge(touches_, [](const Touch& t) { return std::pair(t.pixel, t.lesion); });
    by_lesion_ = touches_;
    merge(by_lesion_, [](const Touch& t) { return std::pair(t.lesion, t.pixel); });
    for (std::size_t k = by_lesion_.size(); k-- > 0;) {
      const Touch& touch = by_lesion_[k];
      first_[touch.lesion] = k;
      if (to_.labels[touch.pixel] == label_[touch.lesion]) ++shown_[touch.lesion];
    }
  }

  bool vanished(std::size_t lesion) const { return shown_[lesion] == 0; }

  /// Gives the lesion the pixel that it covers most of, but no other lesion's last.
  void keep(std::size_t lesion) {
    const Touch* best = nullptr;
    for (std::size_t k = first_[lesion]; k < by_lesion_.size() && by_lesion_[k].lesion == lesion;
         ++k) {
      const Touch& touch = by_lesion_[k];
      if ((best == nullptr || touch.area > best->area) && is_free(touch.pixel)) best = &touch;
    }
    if (best == nullptr) return;
    const std::int32_t before = to_.labels[best->pixel];
    to_.labels[best->pixel] = label_[lesion];
    for (const Touch& touch : at_pixel(best->pixel)) {
      if (label_[touch.lesion] == before) --shown_[touch.lesion];
      if (label_[touch.lesion] == label_[lesion]) ++shown_[touch.lesion];
    }
  }

 private:
  void add_touches(const Run& run, const LabelMap& from) {
    const std::int64_t H = from.height, W = from.width, OH = to_.height, OW = to_.width;
    const Range rows = covering(run.row, run.row, from.height, to_.height);
    const Range cols = covering(run.first, run.last, from.width, to_.width);
    for (int h = rows.begin; h < rows.end; ++h) {
      for (int w = cols.begin; w < cols.end; ++w) {
        const std::int64_t high =
            std::min((run.row + 1) * OH, (h + 1) * H) - std::max(run.row * OH, h * H);
        const std::int64_t wide =
            std::min((run.last + 1) * OW, (w + 1) * W) - std::max(run.first * OW, w * W);
        touches_.push_back({to_.index(h, w), run.lesion, high * wide});
      }
    }
  }

  /// Sorts by the key; of equal ones makes one with the sum of their areas.
  template <class Key>
  static void merge(std::vector<Touch>& touches, const Key& key) {
    std::sort(touches.begin(), touches.end(),
              [&](const Touch& a, const Touch& b) { return key(a) < key(b); });
    std::size_t kept = 0;
    for (std::size_t k = 0; k < touches.size(); ++k) {
      if (kept > 0 && key(touches[kept - 1]) == key(touches[k])) {
        touches[kept - 1].area += touches[k].area;
      } else {
        touches[kept++] = touches[k];
      }
    }
    touches.resize(kept);
  }

  std::span<const Touch> at_pixel(std::size_t pixel) const {
    const auto range =
        std::equal_range(touches_.begin(), touches_.end(), Touch{pixel, 0, 0},
                         [](const Touch& a, const Touch& b) { return a.pixel < b.pixel; });
    return {range.first, range.second};
  }

  bool is_free(std::size_t pixel) const {
    const auto here = at_pixel(pixel);
    return std::none_of(here.begin(), here.end(), [&](const Touch& touch) {
      return label_[touch.lesion] == to_.labels[pixel] && shown_[touch.lesion] == 1;
    });
  }

  LabelMap& to_;
  std::vector<std::int32_t> label_;         // of each lesion
  std::vector<std::size_t> shown_, first_;  // of each lesion: pixels with its label; first touch
  std::vector<Touch> touches_, by_lesion_;  // by pixel, and by lesion
};

}  // namespace

std::vector<std::int64_t> lesion_sizes(const LabelMap& labels, int ignored) {
  const Lesions lesions = find_lesions(labels, ignored);
  std::vector<std::int64_t> sizes(lesions.count);
  for (const Run& run : lesions.runs) sizes[run.lesion] += run.last - run.first + 1;
  std::sort(sizes.rbegin(), sizes.rend());
  return sizes;
}

ResizedLabels resize_labels(const LabelMap& labels, int height, int width, LabelResize mode,
                            int ignored) {
  ResizedLabels result;
  result.labels = mode == LabelResize::share ? by_share(labels, height, width)
                                             : by_centre(labels, height, width);
  if (height >= labels.height && width >= labels.width)
    return result;  // every pixel is some centre
  const Lesions lesions = find_lesions(labels, ignored);
  Survival survival(lesions, labels, result.labels);
  std::vector<std::size_t> vanished;
  for (std::size_t lesion = 0; lesion < lesions.count; ++lesion) {
    if (survival.vanished(lesion)) vanished.push_back(lesion);
  }
  for (const std::size_t lesion : vanished) {  // one pixel may bring back several
    if (mode == LabelResize::share && survival.vanished(lesion)) survival.keep(lesion);
  }
  for (const std::size_t lesion : vanished) {
    ++(survival.vanished(lesion) ? result.lost : result.kept);
  }
  return result;
}

}  // namespace dmf
