#include "apps/data/annotations/annotation.h"

#include <algorithm>
#include <cmath>

#include "apps/files/names.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::int64_t kLargestPixels = std::int64_t{1} << 26;  // as read_image

/// First row or column, from 0 to `size`, whose centre is not before `value`.
int first_at(double value, int size) {
  return static_cast<int>(std::clamp(std::ceil(value - 0.5), 0.0, static_cast<double>(size)));
}

void draw_ring(LabelMap& labels, const std::vector<Point>& ring, std::int32_t label) {
  // Where the ring's edges cross each row of centres; between an odd and an even one is inside.
  std::vector<std::vector<double>> crossings(static_cast<std::size_t>(labels.height));
  for (std::size_t i = 0; i < ring.size(); ++i) {
    Point a = ring[i], b = ring[(i + 1) % ring.size()];
    if (a.y > b.y) std::swap(a, b);
    const int first = first_at(a.y, labels.height), last = first_at(b.y, labels.height);
    for (int h = first; h < last; ++h) {
      const double share = (h + 0.5 - a.y) / (b.y - a.y);
      crossings[static_cast<std::size_t>(h)].push_back(a.x + share * (b.x - a.x));
    }
  }
  for (int h = 0; h < labels.height; ++h) {
    std::vector<double>& row = crossings[static_cast<std::size_t>(h)];
    std::sort(row.begin(), row.end());
    for (std::size_t k = 0; k + 1 < row.size(); k += 2) {
      const int last = first_at(row[k + 1], labels.width);
      for (int w = first_at(row[k], labels.width); w < last; ++w) labels.at(h, w) = label;
    }
  }
}

void draw_circle(LabelMap& labels, const Circle& circle, std::int32_t label) {
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) {
      if (std::hypot(w + 0.5 - circle.centre.x, h + 0.5 - circle.centre.y) <= circle.radius) {
        labels.at(h, w) = label;
      }
    }
  }
}

void draw_patch(LabelMap& labels, const Patch& patch, std::int32_t label) {
  for (int h = 0; h < patch.height; ++h) {
    for (int w = 0; w < patch.width; ++w) {
      const std::int64_t row = patch.y + h, column = patch.x + w;
      const std::size_t i = static_cast<std::size_t>(h) * static_cast<std::size_t>(patch.width) +
                            static_cast<std::size_t>(w);
      if (patch.inside[i] != 0 && row >= 0 && row < labels.height && column >= 0 &&
          column < labels.width) {
        labels.at(static_cast<int>(row), static_cast<int>(column)) = label;
      }
    }
  }
}

void draw_runs(LabelMap& labels, const RunLengths& runs, std::int32_t label) {
  std::int64_t at = 0;
  for (std::size_t k = 0; k < runs.counts.size(); ++k) {
    const std::int64_t end = at + runs.counts[k];
    for (; k % 2 == 1 && at < end; ++at) {
      labels.at(static_cast<int>(at % runs.height), static_cast<int>(at / runs.height)) = label;
    }
    at = end;
  }
}

}  // namespace

LabelMap draw(const Annotation& annotation, int height, int width) {
  const auto check_size = [&](int h, int w) {
    DMF_CHECK(h == height && w == width, IoError,
              "[data] {} says that {} is {} x {}, the image is {} x {}: expected the same size.",
              annotation.file.string(), escaped_name(annotation.image), w, h, width, height);
  };
  if (annotation.height != 0 || annotation.width != 0) {
    check_size(annotation.height, annotation.width);
  }
  LabelMap labels(height, width);
  for (const Outline& shape : annotation.shapes) {
    for (const auto& ring : shape.rings) draw_ring(labels, ring, shape.label_class);
    if (shape.circle) draw_circle(labels, *shape.circle, shape.label_class);
    if (shape.patch) draw_patch(labels, *shape.patch, shape.label_class);
    if (shape.runs) {
      check_size(shape.runs->height, shape.runs->width);
      draw_runs(labels, *shape.runs, shape.label_class);
    }
  }
  return labels;
}

void check_image_size(std::int64_t height, std::int64_t width, const std::string& where) {
  DMF_CHECK(height > 0 && width > 0 && height <= kLargestPixels && width <= kLargestPixels &&
                height * width <= kLargestPixels,
            IoError, "{}: size {} x {}: expected at least 1 and at most {} pixels in all.", where,
            width, height, kLargestPixels);
}

}  // namespace dmf
