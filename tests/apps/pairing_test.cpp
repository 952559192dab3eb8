#include <doctest/doctest.h>

#include <map>

#include "apps/data/layouts/dataset.h"
#include "tests/support/tiny_dataset.h"

// Which mask is which image's: by names, by order where asked for, or refused.

namespace dmf {
namespace {

namespace fs = std::filesystem;

/// The mask names of every item, by id.
std::map<std::string, std::vector<std::string>> pairs_of(const Dataset& dataset) {
  std::map<std::string, std::vector<std::string>> pairs;
  for (const DatasetItem& item : dataset.items) {
    for (const fs::path& mask : item.masks) {
      pairs[item.id].push_back(mask.filename().string());
    }
  }
  return pairs;
}
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("pairing: images + masks, by equal names, by bare names, by order only when asked to") {
  const TemporaryFolder folder;
  put(folder / "same/images/a.png");
  put(folder / "same/images/b.png");
  put(folder / "same/masks/a.png");
  put(folder / "same/masks/zz_extra.png");
  CHECK(
      message_of(folder / "same").find("without a mask: b.png. 1 mask of no image: zz_extra.png") !=
      std::string::npos);
  put(folder / "same/masks/b.png");
  const Dataset same = find_dataset(folder / "same", {});
  CHECK(same.items[1].masks[0].filename() == "b.png");
  CHECK(has_unused(same, "zz_extra.png", "is a mask without an image"));
  put(folder / "bra/Images/bus_0001-l.png");
  put(folder / "bra/Images/bus_0002-r.png");
  put(folder / "bra/Masks/mask_0001-l.png");
  put(folder / "bra/Masks/mask_0002-r.png");
  const Dataset bra = find_dataset(folder / "bra", {});
  CHECK(bra.items[1].masks[0].filename() == "mask_0002-r.png");
  CHECK(bra.notes.at(0).find("paired by names") != std::string::npos);
  put(folder / "busc/BUSC_Dataset/Segmentation/images/x2.png");
  put(folder / "busc/BUSC_Dataset/Segmentation/images/x10.png");
  put(folder / "busc/BUSC_Dataset/Segmentation/masks/m1.png");
  put(folder / "busc/BUSC_Dataset/Segmentation/masks/m3.png");
  CHECK(message_of(folder / "busc").find("or give --pair-by-order") != std::string::npos);
  DatasetOptions by_order;
  by_order.pair_by_order = true;
  const Dataset busc = find_dataset(folder / "busc", by_order);
  CHECK(busc.items[0].id == "x2");
  CHECK(busc.items[0].masks[0].filename() == "m1.png");
  CHECK(busc.notes.at(0).find("in sorted order") != std::string::npos);
  put(folder / "gaps/images/scan 12.png");
  put(folder / "gaps/images/scan 14.png");
  put(folder / "gaps/masks/drawn 13.png");
  put(folder / "gaps/masks/drawn 14.png");
  put(folder / "gaps/masks/drawn 15.png");
  put(folder / "gaps/images/scan 15.png");
  CHECK(message_of(folder / "gaps", by_order).find("scan 12.png and mask drawn 13.png") ==
        std::string::npos);  // 12 is no mask's number, nor 13 an image's
  put(folder / "gaps/images/scan 13.png");
  put(folder / "gaps/masks/drawn 16.png");
  CHECK(message_of(folder / "gaps", by_order)
            .find("the numbers of image scan 12.png and mask drawn 13.png") != std::string::npos);
  CHECK(message_of(folder.path()).find("found 3 data sets") != std::string::npos);
  CHECK(message_of(folder / "absent").find("is not a folder") != std::string::npos);
  fs::create_directories(folder / "empty");
  CHECK(message_of(folder / "empty").find("found no images in") != std::string::npos);
}

TEST_CASE("pairing: no mask goes to another's image, and what may be either is refused") {
  const auto paired = [](const Names& images, const Names& masks) {
    const TemporaryFolder folder;
    for (const std::string& name : images) put(folder / ("images/" + name));
    for (const std::string& name : masks) put(folder / ("masks/" + name));
    return pairs_of(find_dataset(folder.path(), {}));
  };
  const auto refused = [](const Names& images, const Names& masks, const char* reason,
                          const DatasetOptions& options = {}) {
    const TemporaryFolder folder;
    for (const std::string& name : images) put(folder / ("images/" + name));
    for (const std::string& name : masks) put(folder / ("masks/" + name));
    const std::string message = message_of(folder.path(), options);
    CHECK_MESSAGE(message.find(reason) != std::string::npos, message);
    CHECK(message.find('\n') == std::string::npos);
  };
  using Pairs = std::map<std::string, Names>;
  CHECK(paired({"case1.png", "case10.png"}, {"case1_mask.png", "case10_mask.png"}) ==
        Pairs{{"case1", {"case1_mask.png"}}, {"case10", {"case10_mask.png"}}});
  CHECK(paired({"scan.png", "scan_1.png", "scan_2.png"}, {"scan.png", "scan_1.png", "scan_2.png"})
            .at("scan") == Names{"scan.png"});
  CHECK(
      paired({"scan.png", "scan_1.png"}, {"scan_mask.png", "scan_1_mask.png", "scan_mask_1.png"}) ==
      Pairs{{"scan", {"scan_mask.png", "scan_mask_1.png"}}, {"scan_1", {"scan_1_mask.png"}}});
  CHECK(paired({"x.png"}, {"x.png", "x_1.png", "x_mask.png", "X-Mask 2.png"}).at("x").size() == 4);
  CHECK(paired({"img_1.png", "img_12.png"}, {"mask_1.png", "mask_012.png"}) ==
        Pairs{{"img_1", {"mask_1.png"}}, {"img_12", {"mask_012.png"}}});
  CHECK(paired({"leftcase.png", "left.png"}, {"leftmask.png", "leftcase_mask.png"}).at("left") ==
        Names{"leftmask.png"});
  refused({"scan.png", "scan_1.png"}, {"scan_mask.png", "scan_mask_1.png"}, "may belong to");
  refused({"x.png", "x_1.png"}, {"x.png", "x_1.png", "x_2.png"}, "may be a second mask of x.png");
  refused({"a.png", "a.jpg"}, {"a.png"}, "have the same name but for ending");
  refused({"a.png", "A.png"}, {"a.png"}, "have the same name but for ending");
  refused({"a.png"}, {"a.png", "a.bmp"}, "--mask-names");
  refused({"a.png", "b.png"}, {"a_edge.png", "a_odd.png", "b_edge.png", "b_odd.png"},
          "--mask-names");
  refused({"a.png", "b.png"}, {"a.png", "b.png", "a_odd.png"}, "may be a further mask of a.png");
  refused({"p12_l.png", "p12_r.png"}, {"q13_l.png", "q13_r.png"}, "contradict each other");
  // With the option that is named, what is wanted is read.
  const TemporaryFolder folder;
  for (const char* name : {"images/a.png", "masks/a_edge.png", "masks/a_odd.png"}) {
    put(folder / name);
  }
  DatasetOptions named;
  named.mask_names = "*_EDGE*";
  const Dataset edge = find_dataset(folder.path(), named);
  CHECK(pairs_of(edge).at("a") == Names{"a_edge.png"});
  CHECK(has_unused(edge, "a_odd.png", "without a place"));
  named.mask_names = "masks/*";
  CHECK(pairs_of(find_dataset(folder.path(), named)).at("a").size() == 2);
}

}  // namespace dmf
