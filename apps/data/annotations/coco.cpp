#include "apps/data/annotations/coco.h"

#include <map>
#include <nlohmann/json.hpp>

#include "apps/data/annotations/json_reader.h"
#include "apps/data/annotations/run_lengths.h"
#include "apps/files/names.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// An id as text: numbers mostly, text in some exports.
std::string id_of(const Json& object, const char* name, const std::string& where) {
  const Json& value = member_of(object, name);
  DMF_CHECK(value.is_number_integer() || value.is_string(), IoError, "{}: has no id '{}'.", where,
            name);
  return value.is_string() ? escaped_name(value.get<std::string>()) : value.dump();
}

std::vector<Point> ring_of(const Json& list, const std::string& where) {
  DMF_CHECK(list.is_array() && list.size() >= 6 && list.size() % 2 == 0, IoError,
            "{}: a polygon is no list of three or more pairs of numbers.", where);
  std::vector<Point> ring;
  for (std::size_t i = 0; i < list.size(); i += 2) {
    ring.push_back({coordinate(list[i], where), coordinate(list[i + 1], where)});
  }
  return ring;
}

bool is_count(const Json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= UINT32_MAX;
}

RunLengths runs_of(const Json& json, const std::string& where) {
  const Json& size = list_of(json, "size", where);
  DMF_CHECK(size.size() == 2 && is_count(size[0]) && is_count(size[1]), IoError,
            "{}: the size of the run lengths is no pair of whole numbers.", where);
  const std::int64_t height = size[0].get<std::int64_t>(), width = size[1].get<std::int64_t>();
  check_image_size(height, width, where);
  RunLengths runs{static_cast<int>(height), static_cast<int>(width), {}};
  const Json& counts = member_of(json, "counts");
  if (counts.is_string()) {
    runs.counts = decode_run_lengths(counts.get_ref<const std::string&>(), where);
  } else {
    for (const Json& count : list_of(json, "counts", where)) {
      DMF_CHECK(is_count(count), IoError, "{}: a run length is no whole number from 0 on.", where);
      runs.counts.push_back(count.get<std::uint32_t>());
    }
  }
  check_run_lengths(runs, where);
  return runs;
}

}  // namespace

std::vector<Annotation> parse_coco(std::string_view text, const std::filesystem::path& file) {
  const std::string where = "[coco] " + file.string();
  const Json json = parse_json(text, where);
  std::map<std::string, Outline> categories;  // by id: shapes without area
  const Json& listed = member_of(json, "categories");
  DMF_CHECK(listed.is_null() || listed.is_array(), IoError, "{}: has no list 'categories'.", where);
  for (const Json& category : listed) {
    Outline shape;
    shape.label = text_of(category, "name", where + ": a category");
    shape.order = integer_of(category, "id", where + ": a category");
    const std::string id = id_of(category, "id", where + ": a category");
    DMF_CHECK(categories.emplace(id, shape).second, IoError, "{}: two categories have the id {}.",
              where, id);
  }
  std::vector<Annotation> annotations;
  std::map<std::string, std::size_t> by_id;
  for (const Json& image : list_of(json, "images", where)) {
    Annotation annotation;
    annotation.file = file;
    annotation.image = text_of(image, "file_name", where + ": an image");
    const std::string named = fmt::format("{}: image {}", where, escaped_name(annotation.image));
    if (!member_of(image, "height").is_null() || !member_of(image, "width").is_null()) {
      const std::int64_t height = integer_of(image, "height", named);
      const std::int64_t width = integer_of(image, "width", named);
      check_image_size(height, width, named);
      annotation.height = static_cast<int>(height);
      annotation.width = static_cast<int>(width);
    }
    const std::string id = id_of(image, "id", named);
    DMF_CHECK(by_id.emplace(id, annotations.size()).second, IoError,
              "{}: two images have the id {}.", where, id);
    annotations.push_back(std::move(annotation));
  }
  std::size_t number = 0;
  for (const Json& object : list_of(json, "annotations", where)) {
    const std::string named = fmt::format("{}: annotation {}", where, ++number);
    const std::string image = id_of(object, "image_id", named);
    const std::string category = id_of(object, "category_id", named);
    const auto of = by_id.find(image);
    DMF_CHECK(of != by_id.end(), IoError, "{} is of image {}, which is not listed.", named, image);
    Annotation& annotation = annotations[of->second];
    const std::string told = fmt::format("{}, of {}", named, escaped_name(annotation.image));
    const auto kind = categories.find(category);
    DMF_CHECK(kind != categories.end(), IoError, "{}: category {} is not listed.", told, category);
    Outline shape = kind->second;
    const Json& segmentation = member_of(object, "segmentation");
    DMF_CHECK((segmentation.is_array() && !segmentation.empty()) || segmentation.is_object(),
              IoError, "{}: has no segmentation (a box alone is no outline).", told);
    if (segmentation.is_object()) {
      shape.runs = runs_of(segmentation, told);
    } else if (segmentation[0].is_number()) {  // one polygon, not in a list of its own
      shape.rings.push_back(ring_of(segmentation, told));
    } else {
      for (const Json& ring : segmentation) shape.rings.push_back(ring_of(ring, told));
    }
    annotation.shapes.push_back(std::move(shape));
  }
  return annotations;
}

}  // namespace dmf
