#include "tests/support/annotation_files.h"

#include "apps/image/codecs/image_file.h"
#include "tests/support/drawn_dataset.h"

namespace dmf {
namespace {

using nlohmann::json;

const char* const kLabels[] = {"", "benign", "cyst", "malignant"};  // in natural order

std::vector<std::uint32_t> counts_of(const LabelMap& labels, std::int32_t label) {
  std::vector<std::uint32_t> counts = {0};
  bool inside = false;
  for (int w = 0; w < labels.width; ++w) {
    for (int h = 0; h < labels.height; ++h) {
      if ((labels.at(h, w) == label) != inside) {
        inside = !inside;
        counts.push_back(0);
      }
      ++counts.back();
    }
  }
  return counts;
}

}  // namespace

std::string base64_of(const std::string& bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned held = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      held = held << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k <= bytes.size() ? kDigits[held >> (18 - 6 * k) & 63] : '=';
    }
  }
  return text;
}

json labelme_of(const LabelMap& labels, Rng& rng) {
  json shapes = json::array();
  for (const Run& run : runs_of(labels)) {
    const int x = run.x, y = run.y, right = run.x + run.width;
    json shape = {{"label", kLabels[run.label]}};
    switch (rng.below(3)) {
      case 0:
        shape["shape_type"] = "rectangle";
        shape["points"] = {{right, y}, {x, y + 1}};
        break;
      case 1:
        shape["points"] = {{x, y}, {right, y}, {right, y + 1}, {x, y + 1}};
        break;
      default:
        shape["shape_type"] = "mask";
        shape["points"] = {{x, y}, {right - 1, y}};
        shape["mask"] = base64_of(encode_png(
            1, run.width, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(run.width), 255)));
    }
    shapes.push_back(shape);
  }
  return {{"shapes", shapes}, {"imageHeight", labels.height}, {"imageWidth", labels.width}};
}

std::string compressed(const std::vector<std::uint32_t>& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    long x = static_cast<long>(counts[i]) - (i > 2 ? static_cast<long>(counts[i - 2]) : 0L);
    for (bool more = true; more;) {
      long c = x & 0x1f;
      x >>= 5;
      more = (c & 0x10) != 0 ? x != -1 : x != 0;
      if (more) c |= 0x20;
      text += static_cast<char>(c + 48);
    }
  }
  return text;
}

// The file's categories are in another order than their ids.
json coco_of(const std::vector<std::pair<std::string, LabelMap>>& images, Rng& rng) {
  const int ids[] = {0, 3, 5, 7};
  json coco = {{"images", json::array()},
               {"annotations", json::array()},
               {"categories",
                {{{"id", 7}, {"name", "malignant"}},
                 {{"id", 3}, {"name", "cyst"}},
                 {{"id", 5}, {"name", "benign"}},
                 {{"id", 9}, {"name", "never"}}}}};
  int number = 100;
  for (const auto& [name, labels] : images) {
    coco["images"].push_back({{"id", ++number},
                              {"file_name", name},
                              {"height", labels.height},
                              {"width", labels.width}});
    for (int label = 1; label <= 3; ++label) {
      json object = {{"image_id", number}, {"category_id", ids[label]}, {"iscrowd", 0}};
      json rings = json::array();
      for (const Run& run : runs_of(labels)) {
        const int x = run.x, y = run.y, right = x + run.width;
        if (run.label == label) rings.push_back({x, y, right, y, right, y + 1, x, y + 1});
      }
      if (rings.empty()) continue;
      const auto counts = counts_of(labels, label);
      const json size = {labels.height, labels.width};
      switch (rng.below(3)) {
        case 0:
          object["segmentation"] = rings;
          break;
        case 1:
          object["segmentation"] = {{"size", size}, {"counts", counts}};
          object["iscrowd"] = 1;
          break;
        default:
          object["segmentation"] = {{"size", size}, {"counts", compressed(counts)}};
      }
      coco["annotations"].push_back(object);
    }
  }
  return coco;
}

}  // namespace dmf
