#include "apps/prediction/polygons.h"

#include <fmt/format.h>

namespace dmf {
namespace {

using Json = nlohmann::ordered_json;

/// Bytes of a file name that are no UTF-8 become U+FFFD: JSON cannot hold them.
std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<std::string> label_names(int classes) {
  if (classes == 2) return {"lesion"};
  std::vector<std::string> names;
  for (int label = 1; label < classes; ++label) names.push_back(fmt::format("class {}", label));
  return names;
}

std::string labelme_json(const AnnotatedImage& image, const std::vector<std::string>& names) {
  Json shapes = Json::array();
  for (const Region& region : image.regions) {
    Json points = Json::array();
    for (const Corner corner : with_seams(region)) points.push_back({corner.x, corner.y});
    shapes.push_back({{"label", names.at(static_cast<std::size_t>(region.label - 1))},
                      {"points", points},
                      {"group_id", nullptr},
                      {"description", ""},
                      {"shape_type", "polygon"},
                      {"flags", Json::object()}});
  }
  return text_of({{"version", "5.2.1"},
                  {"flags", Json::object()},
                  {"shapes", shapes},
                  {"imagePath", image.path},
                  {"imageData", nullptr},
                  {"imageHeight", image.height},
                  {"imageWidth", image.width}});
}

CocoFile::CocoFile(const std::vector<std::string>& names)
    : content_({{"images", Json::array()}, {"annotations", Json::array()}}) {
  Json categories = Json::array();
  for (const std::string& name : names) {
    categories.push_back({{"id", categories.size() + 1}, {"name", name}, {"supercategory", ""}});
  }
  content_["categories"] = categories;
}

void CocoFile::add(const AnnotatedImage& image) {
  Json& images = content_["images"];
  Json& annotations = content_["annotations"];
  const std::size_t id = images.size() + 1;
  images.push_back(
      {{"id", id}, {"file_name", image.path}, {"height", image.height}, {"width", image.width}});
  for (const Region& region : image.regions) {
    Json segmentation;
    if (region.rings.size() == 1) {
      Json polygon = Json::array();
      for (const Corner corner : region.rings.front()) {
        polygon.push_back(corner.x);
        polygon.push_back(corner.y);
      }
      segmentation = Json::array({polygon});
    } else {
      segmentation = {{"size", {image.height, image.width}},
                      {"counts", run_lengths(region, image.height, image.width)}};
    }
    annotations.push_back({{"id", annotations.size() + 1},
                           {"image_id", id},
                           {"category_id", region.label},
                           {"segmentation", segmentation},
                           {"area", region.area},
                           {"bbox", {region.x, region.y, region.width, region.height}},
                           {"iscrowd", 0}});
  }
}

std::string CocoFile::json() const {
  return text_of(content_);
}

}  // namespace dmf
