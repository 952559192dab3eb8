#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/image/regions.h"

namespace dmf {

/// What the classes above 0 are called in annotations: "lesion", or "class 1", "class 2", ....
///
/// classes  with the background
std::vector<std::string> label_names(int classes);

/// What annotations say of an image.
struct AnnotatedImage {
  std::string path;  // as the file names it
  int height = 0, width = 0;
  std::vector<Region> regions;
};

/// A file of the annotation program LabelMe: a polygon a region, holes joined by seams since it
/// knows no holes.
std::string labelme_json(const AnnotatedImage& image, const std::vector<std::string>& names);

/// A COCO file: a category a class, an annotation a region, as a polygon, or as run lengths where
/// it has holes.
class CocoFile {
 public:
  explicit CocoFile(const std::vector<std::string>& names);
  void add(const AnnotatedImage& image);
  std::string json() const;

 private:
  nlohmann::ordered_json content_;
};

}  // namespace dmf
