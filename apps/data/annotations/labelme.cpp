#include "apps/data/annotations/labelme.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/data/annotations/base64.h"
#include "apps/data/annotations/json_reader.h"
#include "apps/files/names.h"
#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

std::vector<Point> points_of(const Json& shape, const std::string& where) {
  std::vector<Point> points;
  for (const Json& point : list_of(shape, "points", where)) {
    DMF_CHECK(point.is_array() && point.size() == 2, IoError, "{}: a point is no pair of numbers.",
              where);
    points.push_back({coordinate(point[0], where), coordinate(point[1], where)});
  }
  return points;
}

/// The PNG of a shape of the type "mask"; its box holds the first and the last pixel.
Patch patch_of(const Json& shape, const std::vector<Point>& box, const std::string& where) {
  DMF_CHECK(box.size() == 2, IoError, "{}: a mask has {} points: expected 2.", where, box.size());
  const RawImage raw = decode_image(decode_base64(text_of(shape, "mask", where), where), where);
  Patch patch{static_cast<std::int64_t>(std::floor(box[0].x)),
              static_cast<std::int64_t>(std::floor(box[0].y)),
              raw.height,
              raw.width,
              {}};
  const auto side = [](double from, double to) {
    return static_cast<std::int64_t>(std::floor(to)) - static_cast<std::int64_t>(std::floor(from)) +
           1;
  };
  DMF_CHECK(side(box[0].x, box[1].x) == raw.width && side(box[0].y, box[1].y) == raw.height,
            IoError, "{}: a mask of {} x {} pixels in a box of {} x {}.", where, raw.width,
            raw.height, side(box[0].x, box[1].x), side(box[0].y, box[1].y));
  const int channels = raw.channels;
  DMF_CHECK(channels == 1, IoError, "{}: a mask with {} channels: expected 1.", where, channels);
  for (const std::uint16_t sample : raw.samples) patch.inside.push_back(sample > 0 ? 1 : 0);
  return patch;
}

Outline shape_of(const Json& json, const std::string& file, std::size_t number) {
  Outline shape;
  shape.label = text_of(json, "label", fmt::format("{}: shape {}", file, number));
  const std::string where =
      fmt::format("{}: shape {}, '{}'", file, number, escaped_name(shape.label));
  const Json& given = member_of(json, "shape_type");
  const std::string type = given.is_string() ? given.get<std::string>() : "polygon";
  const std::vector<Point> points = points_of(json, where);
  if (type == "mask") {
    shape.patch = patch_of(json, points, where);
  } else if (type == "circle") {
    DMF_CHECK(points.size() == 2, IoError, "{}: a circle has {} points: expected 2.", where,
              points.size());
    shape.circle =
        Circle{points[0], std::hypot(points[1].x - points[0].x, points[1].y - points[0].y)};
  } else if (type == "rectangle" && points.size() == 2) {
    const Point a = points[0], b = points[1];
    shape.rings = {{{a.x, a.y}, {b.x, a.y}, {b.x, b.y}, {a.x, b.y}}};
  } else if (type == "polygon" || (type == "rectangle" && points.size() == 4)) {
    DMF_CHECK(points.size() >= 3, IoError, "{}: a polygon has {} points: expected 3 or more.",
              where, points.size());
    shape.rings = {points};
  } else {
    throw IoError(
        fmt::format("{}: is a {} of {} points, which has no area: draw polygons, or remove it.",
                    where, escaped_name(type), points.size()));
  }
  return shape;
}

}  // namespace

Annotation parse_labelme(std::string_view text, const std::filesystem::path& file) {
  const std::string where = "[labelme] " + file.string();
  const Json json = parse_json(text, where);
  Annotation annotation;
  annotation.file = file;
  const Json& image = member_of(json, "imagePath");
  if (image.is_string()) annotation.image = image.get<std::string>();
  const Json& height = member_of(json, "imageHeight");
  const Json& width = member_of(json, "imageWidth");
  if (!height.is_null() || !width.is_null()) {
    const std::int64_t rows = integer_of(json, "imageHeight", where);
    const std::int64_t columns = integer_of(json, "imageWidth", where);
    check_image_size(rows, columns, where);
    annotation.height = static_cast<int>(rows);
    annotation.width = static_cast<int>(columns);
  }
  for (const Json& shape : list_of(json, "shapes", where)) {
    annotation.shapes.push_back(shape_of(shape, where, annotation.shapes.size() + 1));
  }
  return annotation;
}

}  // namespace dmf
