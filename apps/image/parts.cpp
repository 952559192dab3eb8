#include "apps/image/parts.h"

#include <algorithm>
#include <map>
#include <utility>

namespace dmf {
namespace {

/// Gives all pixels that hang together with (x, y) the id.
Part flood(const LabelMap& labels, std::vector<std::int32_t>& ids, int x, int y, std::int32_t id) {
  Part part;
  part.label = labels.at(y, x);
  int left = x, right = x, top = y, bottom = y;
  std::vector<std::pair<int, int>> todo = {{x, y}};
  ids[labels.index(y, x)] = id;
  while (!todo.empty()) {
    const auto [px, py] = todo.back();
    todo.pop_back();
    ++part.area;
    left = std::min(left, px);
    right = std::max(right, px);
    top = std::min(top, py);
    bottom = std::max(bottom, py);
    for (const auto& [nx, ny] : {std::pair{px - 1, py}, std::pair{px + 1, py},
                                 std::pair{px, py - 1}, std::pair{px, py + 1}}) {
      if (nx < 0 || ny < 0 || nx >= labels.width || ny >= labels.height) continue;
      std::int32_t& neighbour = ids[labels.index(ny, nx)];
      if (neighbour >= 0 || labels.at(ny, nx) != part.label) continue;
      neighbour = id;
      todo.emplace_back(nx, ny);
    }
  }
  part.x = left;
  part.y = top;
  part.width = right - left + 1;
  part.height = bottom - top + 1;
  return part;
}

Parts parts_from(const LabelMap& labels, std::int32_t least) {
  Parts parts{{}, std::vector<std::int32_t>(labels.labels.size(), -1)};
  for (int y = 0; y < labels.height; ++y) {
    for (int x = 0; x < labels.width; ++x) {
      if (labels.at(y, x) < least || parts.ids[labels.index(y, x)] >= 0) continue;
      const auto id = static_cast<std::int32_t>(parts.all.size());
      parts.all.push_back(flood(labels, parts.ids, x, y, id));
    }
  }
  return parts;
}

}  // namespace

Parts parts_of(const LabelMap& labels) {
  return parts_from(labels, 1);
}
Parts all_parts_of(const LabelMap& labels) {
  return parts_from(labels, 0);
}

LabelMap largest_parts(const LabelMap& labels) {
  const Parts parts = parts_of(labels);
  std::map<std::int32_t, std::size_t> largest;  // by class
  for (std::size_t id = 0; id < parts.all.size(); ++id) {
    const auto [best, is_first] = largest.emplace(parts.all[id].label, id);
    if (!is_first && parts.all[id].area > parts.all[best->second].area) best->second = id;
  }
  LabelMap kept = labels;
  for (std::size_t i = 0; i < kept.labels.size(); ++i) {
    const std::int32_t id = parts.ids[i];
    if (id >= 0 && largest.at(labels.labels[i]) != static_cast<std::size_t>(id)) kept.labels[i] = 0;
  }
  return kept;
}

LabelMap without_holes(const LabelMap& labels) {
  const Parts parts = all_parts_of(labels);
  std::vector<std::int32_t> becomes;  // by part
  for (const Part& part : parts.all) {
    const bool at_edge = part.x == 0 || part.y == 0 || part.x + part.width == labels.width ||
                         part.y + part.height == labels.height;
    becomes.push_back(part.label == 0 && !at_edge ? -1 : part.label);
  }
  LabelMap filled = labels;
  for (std::size_t i = 0; i < filled.labels.size();
       ++i) {  // in reading order: what is left is done
    std::int32_t& label = becomes[static_cast<std::size_t>(parts.ids[i])];
    if (label < 0) label = filled.labels[i - 1];
    filled.labels[i] = label;
  }
  return filled;
}

}  // namespace dmf
