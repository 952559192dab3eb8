#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "apps/image/image.h"

// What readers of annotations make of outlines.

namespace dmf {

using Line = std::vector<std::pair<double, double>>;

/// The rule of annotation readers: a pixel is inside when its centre is, even-odd.
inline bool is_inside(const std::vector<Line>& lines, double x, double y) {
  bool inside = false;
  for (const Line& line : lines) {
    for (std::size_t i = 0, j = line.size() - 1; i < line.size(); j = i++) {
      const auto [ax, ay] = line[i];
      const auto [bx, by] = line[j];
      if ((ay > y) != (by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax) inside = !inside;
    }
  }
  return inside;
}

inline void draw(const std::vector<Line>& lines, std::int32_t label, LabelMap& labels) {
  for (int h = 0; h < labels.height; ++h) {
    for (int w = 0; w < labels.width; ++w) {
      if (!is_inside(lines, w + 0.5, h + 0.5)) continue;
      CHECK(labels.at(h, w) == 0);  // no two regions share a pixel
      labels.at(h, w) = label;
    }
  }
}

inline Line line_of(const nlohmann::json& points) {
  Line line;
  for (const auto& point : points) line.emplace_back(point[0], point[1]);
  return line;
}

inline LabelMap drawn_from_labelme(const std::string& text, const std::vector<std::string>& names) {
  const auto json = nlohmann::json::parse(text);
  LabelMap labels(json["imageHeight"], json["imageWidth"]);
  for (const auto& shape : json["shapes"]) {
    const auto name = std::find(names.begin(), names.end(), shape["label"]);
    draw({line_of(shape["points"])}, static_cast<std::int32_t>(name - names.begin()) + 1, labels);
  }
  return labels;
}

inline LabelMap drawn_from_coco(const nlohmann::json& json, int image) {
  const auto& about = json["images"][static_cast<std::size_t>(image)];
  LabelMap labels(about["height"], about["width"]);
  for (const auto& object : json["annotations"]) {
    if (object["image_id"] != about["id"]) continue;
    const std::int32_t label = object["category_id"];
    LabelMap own(labels.height, labels.width);
    const auto& segmentation = object["segmentation"];
    if (segmentation.is_array()) {
      CHECK(segmentation.size() == 1);
      Line line;
      for (std::size_t i = 0; i < segmentation[0].size(); i += 2) {
        line.emplace_back(segmentation[0][i], segmentation[0][i + 1]);
      }
      draw({line}, 1, own);
    } else {
      CHECK(segmentation["size"] == nlohmann::json({labels.height, labels.width}));
      std::size_t at = 0;
      std::int32_t inside = 0;
      for (const std::size_t count : segmentation["counts"]) {
        CHECK((count > 0 || at == 0));
        for (std::size_t i = 0; i < count; ++i, ++at) {
          own.at(static_cast<int>(at) % own.height, static_cast<int>(at) / own.height) = inside;
        }
        inside = 1 - inside;
      }
      CHECK(at == own.labels.size());
    }
    std::int64_t area = 0;
    int left = own.width, top = own.height, right = 0, bottom = 0;
    for (int h = 0; h < own.height; ++h) {
      for (int w = 0; w < own.width; ++w) {
        if (own.at(h, w) == 0) continue;
        ++area;
        left = std::min(left, w);
        right = std::max(right, w + 1);
        top = std::min(top, h);
        bottom = std::max(bottom, h + 1);
        labels.at(h, w) = label;
      }
    }
    CHECK(object["area"] == area);
    CHECK(object["bbox"] == nlohmann::json({left, top, right - left, bottom - top}));
  }
  return labels;
}

}  // namespace dmf
