#include "apps/prediction/polygons.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>

#include "tests/support/drawn_outlines.h"

namespace dmf {
namespace {

/// Rings in rings, noise, stripes, blocks: holes in holes and corners that touch abound.
LabelMap random_labels(std::mt19937& random, int classes) {
  LabelMap labels(1 + static_cast<int>(random() % 14), 1 + static_cast<int>(random() % 14));
  const auto kind = random() % 4, share = 1 + random() % 9;
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) {
      const int depth = std::min({h, w, labels.height - 1 - h, labels.width - 1 - w});
      const bool inside = kind == 0   ? depth % 2 == 0
                          : kind == 1 ? (h + w) % 2 == 0
                                      : random() % 10 < share;
      const auto other = static_cast<int>(random() % static_cast<unsigned>(classes - 1));
      if (inside) labels.at(h, w) = kind == 3 ? 1 : 1 + other;  // of one class: many holes
      if (kind == 2 && w > 0 && random() % 2 == 0) labels.at(h, w) = labels.at(h, w - 1);
    }
  }
  return labels;
}

}  // namespace

TEST_CASE("polygons: drawn back by the rule they give the labels exactly") {
  std::mt19937 random(3);
  std::size_t holes = 0;
  for (int round = 0; round < 3000; ++round) {
    const int classes = 2 + static_cast<int>(random() % 3);
    const std::vector<std::string> names = label_names(classes);
    LabelMap labels = random_labels(random, classes);
    if (round == 0) std::fill(labels.labels.begin(), labels.labels.end(), 1);
    if (round == 1) std::fill(labels.labels.begin(), labels.labels.end(), 0);
    const AnnotatedImage image{"a.png", labels.height, labels.width, regions_of(labels)};
    LabelMap from_rings(labels.height, labels.width);
    for (const Region& region : image.regions) {
      std::vector<Line> lines;
      for (const Ring& ring : region.rings) {
        Line line;
        for (const Corner corner : ring) line.emplace_back(corner.x, corner.y);
        lines.push_back(line);
      }
      holes += region.rings.size() - 1;
      draw(lines, region.label, from_rings);
      // Along the pixels' edges, and no corner more than is needed.
      const Ring ring = with_seams(region);
      for (std::size_t i = 0; i < ring.size(); ++i) {
        const Corner a = ring[i], b = ring[(i + 1) % ring.size()], c = ring[(i + 2) % ring.size()];
        CHECK((a.x == b.x) != (a.y == b.y));
        const bool goes_on = (a.x == b.x && b.x == c.x && (b.y > a.y) == (c.y > b.y)) ||
                             (a.y == b.y && b.y == c.y && (b.x > a.x) == (c.x > b.x));
        CHECK_FALSE(goes_on);
      }
    }
    CHECK(from_rings.labels == labels.labels);
    CHECK(drawn_from_labelme(labelme_json(image, names), names).labels == labels.labels);
    CocoFile coco(names);
    coco.add({"first.png", 2, 2, {}});
    coco.add(image);
    const auto json = nlohmann::json::parse(coco.json());
    CHECK(drawn_from_coco(json, 1).labels == labels.labels);
    CHECK(json["categories"].size() == names.size());
  }
  CHECK(holes > 500);
}

}  // namespace dmf
