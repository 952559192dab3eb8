#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "engine/core/rng.h"
#include "tests/support/temporary_folder.h"

namespace dmf {

// Random label maps, and the ways in which people store them.

inline int random_int(Rng& rng, int from, int to) {
  return from + static_cast<int>(rng.below(static_cast<std::uint64_t>(to - from + 1)));
}

/// Labels 0 to `classes`, each pixel of class 1 with the chance of about a third.
inline LabelMap random_labels(Rng& rng, int classes = 1) {
  LabelMap labels(random_int(rng, 1, 9), random_int(rng, 1, 9));
  for (auto& label : labels.labels) {
    label = random_int(rng, 0, 2) == 0 ? random_int(rng, 1, classes) : 0;
  }
  return labels;
}

inline void write_grey_png(const std::filesystem::path& path, int height, int width,
                           const std::vector<std::uint8_t>& values) {
  std::filesystem::create_directories(path.parent_path());
  write_png(path, height, width, 1, values);
}

/// An image of the labels' size, and one grey value.
inline void write_image_for(const std::filesystem::path& path, const LabelMap& labels) {
  write_grey_png(path, labels.height, labels.width,
                 std::vector<std::uint8_t>(labels.labels.size(), 77));
}

/// The labels as masks of 0 and 255, every lesion pixel in one of them at least.
inline void write_masks(const std::vector<std::filesystem::path>& paths, const LabelMap& labels,
                        Rng& rng) {
  std::vector<std::vector<std::uint8_t>> masks(paths.size(),
                                               std::vector<std::uint8_t>(labels.labels.size(), 0));
  for (std::size_t i = 0; i < labels.labels.size(); ++i) {
    if (labels.labels[i] == 0) continue;
    masks[rng.below(paths.size())][i] = 255;
    masks[rng.below(paths.size())][i] = 255;
  }
  for (std::size_t k = 0; k < paths.size(); ++k) {
    write_grey_png(paths[k], labels.height, labels.width, masks[k]);
  }
}

/// Every row's runs of one label as rectangles: x, y, width (the height is 1), label.
struct Run {
  int x, y, width;
  std::int32_t label;
};
inline std::vector<Run> runs_of(const LabelMap& labels) {
  std::vector<Run> runs;
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) {
      const std::int32_t label = labels.at(h, w);
      if (label == 0) continue;
      if (w > 0 && labels.at(h, w - 1) == label) {
        ++runs.back().width;
      } else {
        runs.push_back({w, h, 1, label});
      }
    }
  }
  return runs;
}

}  // namespace dmf
