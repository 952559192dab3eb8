#include "apps/report/outline.h"

#include <fmt/format.h>

#include "apps/image/regions.h"

namespace dmf {
namespace {

/// A closed line, from its last corner on.
std::string path_of(const Ring& ring, int unit) {
  Corner at = ring.back();
  std::string path = fmt::format("M{} {}", unit * at.x, unit * at.y);
  for (const Corner to : ring) {
    path += to.y == at.y ? fmt::format("h{}", unit * (to.x - at.x))
                         : fmt::format("v{}", unit * (to.y - at.y));
    at = to;
  }
  return path + "z";
}

}  // namespace

LabelMap halved(const LabelMap& labels) {
  LabelMap half((labels.height + 1) / 2, (labels.width + 1) / 2), count = half;
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) count.at(h / 2, w / 2) += labels.at(h, w) > 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < half.labels.size(); ++i)
    half.labels[i] = count.labels[i] >= 2 ? 1 : 0;
  return half;
}

std::string outline_of(const LabelMap& labels, int unit) {
  std::string path;
  for (const Region& region : regions_of(labels)) {
    for (const Ring& ring : region.rings) path += path_of(ring, unit);
  }
  return path;
}

}  // namespace dmf
