#include <doctest/doctest.h>

#include <map>

#include "apps/data/annotations/base64.h"
#include "apps/data/annotations/coco.h"
#include "apps/data/annotations/labelme.h"
#include "apps/data/annotations/run_lengths.h"
#include "apps/data/item_files.h"
#include "apps/data/samples.h"
#include "engine/core/check.h"
#include "tests/support/annotation_files.h"
#include "tests/support/drawn_dataset.h"

namespace dmf {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;

void check_refused(const std::string& text, bool is_coco, const char* reason) {
  CAPTURE(text);
  if (is_coco) {
    CHECK_THROWS_WITH_AS(parse_coco(text, "f.json"), Contains(reason), IoError);
  } else {
    CHECK_THROWS_WITH_AS(parse_labelme(text, "f.json"), Contains(reason), IoError);
  }
}

/// One shape drawn as class 1.
std::vector<std::int32_t> drawn(Outline shape, int height, int width) {
  shape.label_class = 1;
  Annotation annotation;
  annotation.shapes = {shape};
  return draw(annotation, height, width).labels;
}

}  // namespace

TEST_CASE("draw: a pixel is inside when its centre is; left and upper edges belong to the inside") {
  using Labels = std::vector<std::int32_t>;
  Outline ring;
  ring.rings = {{{0.5, 0.5}, {2.5, 0.5}, {2.5, 1.5}, {0.5, 1.5}}};  // edges through centres
  CHECK(drawn(ring, 2, 4) == Labels{1, 1, 0, 0, 0, 0, 0, 0});
  ring.rings = {{{0.0, 0.0}, {3.0, 0.0}, {0.0, 3.0}}};  // its long edge goes through centres
  CHECK(drawn(ring, 3, 3) == Labels{1, 1, 0, 1, 0, 0, 0, 0, 0});
  ring.rings = {{{-1e8, -1e8}, {1e8, -1e8}, {1e8, 1e8}, {-1e8, 1e8}}};
  CHECK(drawn(ring, 1, 2) == Labels{1, 1});
  // Two turns cancel within a ring, two rings are united.
  ring.rings = {{{0, 0}, {3, 0}, {3, 1}, {0, 1}, {0, 0}, {2, 0}, {2, 1}, {0, 1}}};
  CHECK(drawn(ring, 1, 3) == Labels{0, 0, 1});
  ring.rings = {{{0, 0}, {2, 0}, {2, 1}, {0, 1}}, {{1, 0}, {3, 0}, {3, 1}, {1, 1}}};
  CHECK(drawn(ring, 1, 4) == Labels{1, 1, 1, 0});
  Outline circle;
  circle.circle = Circle{{1.5, 1.5}, 1.0};
  CHECK(drawn(circle, 3, 3) == Labels{0, 1, 0, 1, 1, 1, 0, 1, 0});
  Annotation sized;
  sized.file = "f.json";
  sized.height = 2;
  sized.width = 3;
  CHECK_THROWS_WITH_AS(draw(sized, 3, 2), Contains("is 3 x 2, the image is 2 x 3"), IoError);
}

TEST_CASE("annotations: drawn labels are read from LabelMe and COCO in every layout") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const TemporaryFolder folder;
    const int how = static_cast<int>(seed % 6);
    const char* const image_folders[] = {"all/", "images/", "train/", "train/", "images/", ""};
    const char* const json_folders[] = {"all/", "labels/", "train/", "train/", "annotations/", ""};
    std::map<std::string, LabelMap> all;
    std::vector<std::pair<std::string, LabelMap>> train, other;
    for (int i = 0; i < 5; ++i) {
      LabelMap labels = random_labels(rng, 3);
      if (i == 0) labels = LabelMap(1, 3);
      if (i == 0) labels.labels = {1, 2, 3};  // every label occurs
      const bool in_val = (how == 2 || how == 3) && i % 2 == 1;
      const std::string stem = "case " + std::to_string(i);
      const std::string below = in_val ? "val/" : image_folders[how];
      const fs::path image = folder / (below + stem + ".png");
      write_image_for(image, labels);
      if (how < 3) {
        const std::string place = in_val ? "val/" : json_folders[how];
        write_text(folder / (place + stem + ".json"), labelme_of(labels, rng).dump());
      }
      (in_val ? other : train).emplace_back(stem + ".png", labels);
      all[image.string()] = labels;
    }
    if (how >= 3) {
      write_text(folder / (std::string(json_folders[how]) + "instances_default.json"),
                 coco_of(train, rng).dump());
      if (!other.empty()) {
        write_text(folder / "val/instances_default.json", coco_of(other, rng).dump());
      }
    }
    const Dataset dataset = find_dataset(folder.path(), {});
    REQUIRE(dataset.items.size() == 5);
    CHECK_MESSAGE(dataset.unused.empty(), describe_unused(dataset));
    CHECK(dataset.class_names == (how < 3
                                      ? std::vector<std::string>{"benign", "cyst", "malignant"}
                                      : std::vector<std::string>{"cyst", "benign", "malignant"}));
    for (const DatasetItem& item : dataset.items) {
      CHECK(read_labels(item, {}).labels == all.at(item.image.string()).labels);
      CHECK(item.part.empty() == (how != 2 && how != 3));
    }
    CHECK_THROWS_WITH_AS(check_class_count(dataset, 2), Contains("give --num-classes 4"),
                         ValueError);
    CHECK_NOTHROW(check_class_count(dataset, 4));
    DatasetOptions joined;
    joined.label_classes = {"malignant+benign", "cyst"};
    const Dataset two = find_dataset(folder.path(), joined);
    CHECK(two.class_names == std::vector<std::string>{"malignant+benign", "cyst"});
    const int cyst = how < 3 ? 2 : 1;
    for (const DatasetItem& item : two.items) {
      std::vector<std::int32_t> expected = all.at(item.image.string()).labels;
      for (auto& label : expected) label = label == 0 ? 0 : label == cyst ? 2 : 1;
      CHECK(read_labels(item, {}).labels == expected);
    }
    joined.label_classes = {"cyst", "benign"};
    CHECK_THROWS_WITH_AS(find_dataset(folder.path(), joined),
                         Contains("has the label 'malignant', which --label-classes"), IoError);
  }
}

TEST_CASE(
    "annotations: several files of one image are united, and all are used; sizes must agree") {
  const TemporaryFolder folder;
  Rng rng(3);
  LabelMap left(1, 3), right(1, 3);
  left.labels = {1, 0, 0};
  right.labels = {0, 0, 2};
  write_image_for(folder / "images/a.png", left);
  write_text(folder / "labels/a.json", labelme_of(left, rng).dump());
  write_text(folder / "labels/a_2.json", labelme_of(right, rng).dump());
  const Dataset both = find_dataset(folder.path(), {});
  CHECK_MESSAGE(both.unused.empty(), describe_unused(both));
  CHECK(read_labels(both.items.at(0), {}).labels == std::vector<std::int32_t>{1, 0, 2});
  auto other = labelme_of(right, rng);
  other["imageWidth"] = 4;
  write_text(folder / "labels/a_2.json", other.dump());
  CHECK_THROWS_WITH_AS(find_dataset(folder.path(), {}), Contains("a_2.json that it is 4 x 1"),
                       IoError);
}

TEST_CASE("run lengths: COCO's compression is undone for any counts; what is unsound is refused") {
  CHECK(decode_run_lengths("06204", "t") == std::vector<std::uint32_t>{0, 6, 2, 6, 6});
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    Rng rng(seed);
    std::vector<std::uint32_t> counts;
    for (int k = random_int(rng, 0, 12); k > 0; --k) {
      counts.push_back(
          static_cast<std::uint32_t>(rng.below(std::uint64_t{1} << random_int(rng, 0, 26))));
    }
    CHECK(decode_run_lengths(compressed(counts), "t") == counts);
  }
  const auto refused = [](const std::string& text, const char* reason) {
    CHECK_THROWS_WITH_AS(decode_run_lengths(text, "t"), Contains(reason), IoError);
  };
  refused("P", "end within a number");
  refused(std::string(20, 'o'), "one is too large");
  refused("!", "with the byte 33");
  refused("O", "a run of -1 pixels");
  CHECK_THROWS_WITH_AS(check_run_lengths({2, 3, {1, 4}}, "t"), Contains("of 5 pixels for an image"),
                       IoError);
}

TEST_CASE("base64: round trips, and other text is refused") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    std::string bytes;
    for (int k = random_int(rng, 0, 20); k > 0; --k) bytes += static_cast<char>(rng.below(256));
    CHECK(decode_base64(base64_of(bytes), "t") == bytes);
  }
  CHECK(decode_base64("Y\nQ =\r=", "t") == "a");
  CHECK_THROWS_WITH_AS(decode_base64("Y*==", "t"), Contains("t: is not base64"), IoError);
  CHECK_THROWS_WITH_AS(decode_base64("Y=Q=", "t"), Contains("t: is not base64"), IoError);
}

TEST_CASE("labelme: what has no area or is not sound is refused by name") {
  const auto shape = [](const std::string& rest) {
    return R"({"shapes":[{"label":"a",)" + rest + "}]}";
  };
  check_refused("{", false, "is no sound JSON");
  check_refused("[]", false, "has no list 'shapes'");
  check_refused(R"({"shapes":[{"points":[]}]})", false, "shape 1: has no text 'label'");
  check_refused(shape(R"("points":[[1,2]],"shape_type":"point")"), false,
                "shape 1, 'a': is a point of 1 points, which has no area");
  check_refused(shape(R"("points":[[1,2],[3,4]],"shape_type":"line")"), false, "is a line");
  check_refused(shape(R"("points":[[1,2],[3,4],[5,6]],"shape_type":"linestrip")"), false,
                "is a linestrip");
  check_refused(shape(R"("points":[[1,2],[3,4]])"), false, "a polygon has 2 points");
  check_refused(shape(R"("points":[[1,2],[3,4],[5]])"), false, "is no pair of numbers");
  check_refused(shape(R"("points":[[1,2],[3,4],[5,1e300]])"), false, "beyond any image");
  check_refused(shape(R"("points":[[1,2],[3,4],[5,1e999]])"), false, "is no sound JSON");
  check_refused(shape(R"("points":[[1,2]],"shape_type":"circle")"), false, "a circle has 1 points");
  check_refused(shape(R"("points":[[0,0],[1,0]],"shape_type":"mask","mask":"AAAA")"), false,
                "shape 1, 'a'");
  check_refused(R"({"shapes":[],"imageHeight":-1,"imageWidth":3})", false, "size 3 x -1");
  check_refused(R"({"shapes":[],"imageHeight":1e9,"imageWidth":1e9})", false, "at most 67108864");
}

TEST_CASE("coco: what is not sound is refused by name") {
  const auto object = [](const std::string& segmentation) {
    return R"({"images":[{"id":1,"file_name":"x.png","height":2,"width":3}],)"
           R"("categories":[{"id":1,"name":"a"}],)"
           R"("annotations":[{"image_id":1,"category_id":1)" +
           segmentation + "}]}";
  };
  CHECK(parse_coco(object(R"(,"segmentation":[0,0,1,0,1,1])"), "f").at(0).shapes.size() == 1);
  check_refused("7", true, "has no list 'images'");
  check_refused(object(""), true, "annotation 1, of x.png: has no segmentation");
  check_refused(object(R"(,"segmentation":[])"), true, "has no segmentation");
  check_refused(object(R"(,"segmentation":[[0,0,1,1]])"), true, "a polygon is no list of three");
  check_refused(object(R"(,"segmentation":{"size":[2,3],"counts":[1,2]})"), true,
                "run lengths of 3 pixels for an image of 3 x 2");
  check_refused(object(R"(,"segmentation":{"size":[2,-3],"counts":[1,2]})"), true,
                "is no pair of whole numbers");
  check_refused(object(R"(,"segmentation":{"size":[100000,100000],"counts":[1,2]})"), true,
                "at most 67108864 pixels");
  check_refused(object(R"(,"segmentation":{"size":[2,3],"counts":[1.5,2]})"), true,
                "is no whole number");
  check_refused(R"({"images":[],"annotations":[{"image_id":2,"category_id":1}]})", true,
                "is of image 2, which is not listed");
  check_refused(
      R"({"images":[{"id":1,"file_name":"x"},{"id":1,"file_name":"y"}],"annotations":[]})", true,
      "two images have the id 1");
  const TemporaryFolder folder;
  write_text(folder / "a.json", object(R"(,"segmentation":[0,0,1,0,1,1])"));
  write_grey_png(folder / "y.png", 2, 3, std::vector<std::uint8_t>(6));
  CHECK_THROWS_WITH_AS(find_dataset(folder.path(), {}),
                       Contains("lists the image x.png, which is not there"), IoError);
  write_grey_png(folder / "x.png", 2, 3, std::vector<std::uint8_t>(6));
  const Dataset dataset = find_dataset(folder.path(), {});
  CHECK(dataset.items.size() == 1);
  CHECK(describe_unused(dataset).find("no annotation file lists") != std::string::npos);
}

}  // namespace dmf
