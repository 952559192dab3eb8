#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/image/image.h"

namespace dmf {

/// In pixels; (0, 0) is the outer corner of the top left pixel, whose centre is (0.5, 0.5).
struct Point {
  double x = 0.0, y = 0.0;
};

struct Circle {
  Point centre;
  double radius = 0.0;
};

/// Pixels of a part of the image.
struct Patch {
  std::int64_t x = 0, y = 0;  // of its top left pixel
  int height = 0, width = 0;
  std::vector<std::uint8_t> inside;  // [height, width], 0 or 1
};

/// Lengths of runs of pixels outside and inside in turn, the first outside, column by column.
struct RunLengths {
  int height = 0, width = 0;  // of the whole image
  std::vector<std::uint32_t> counts;
};

/// One object that a person outlined: the union of everything in it.
struct Outline {
  std::string label;
  std::int64_t order = 0;  // of its label among others: COCO's category id, 0 where there is none
  int label_class = 0;     // from 1, once the labels of the whole data set are known
  std::vector<std::vector<Point>> rings;  // each closed, three points or more
  std::optional<Circle> circle;
  std::optional<Patch> patch;
  std::optional<RunLengths> runs;
};

/// What a JSON file says of one image.
struct Annotation {
  std::filesystem::path file;
  std::string image;            // the file name it gives, as it gives it
  int height = 0, width = 0;    // of the image; 0 where it does not say
  std::vector<Outline> shapes;  // in the file's order
};

/// The shapes as labels: background 0, a shape its `label_class`, where shapes overlap the later.
///
/// A pixel is inside a ring when its centre is, by the even-odd rule (of a centre on an edge: left
/// and upper edges belong to the inside, right and lower ones do not), inside a circle when its
/// centre is at most the radius away. Rings reach beyond the image as they like.
///
/// height, width  of the image
/// throws         IoError where the annotation gives another size
LabelMap draw(const Annotation& annotation, int height, int width);

/// Fails for sizes that no image has.
///
/// throws  IoError with `where`
void check_image_size(std::int64_t height, std::int64_t width, const std::string& where);

}  // namespace dmf
