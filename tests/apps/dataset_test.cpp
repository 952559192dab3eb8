#include "apps/data/dataset.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>

#include "apps/data/groups.h"
#include "apps/data/item_files.h"
#include "apps/data/samples.h"
#include "apps/data/split.h"
#include "engine/core/check.h"
#include "tests/support/drawn_dataset.h"

namespace dmf {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;

void put(const fs::path& path) {
  write_grey_png(path, 1, 1, {0});
}

std::string message_of(const fs::path& folder, const DatasetOptions& options = {}) {
  try {
    find_dataset(folder, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

std::vector<std::string> reasons_of(const Dataset& dataset) {
  std::vector<std::string> reasons;
  for (const UnusedFile& each : dataset.unused) {
    reasons.push_back(each.path.filename().string() + " " + each.reason);
  }
  return reasons;
}

bool has_unused(const Dataset& dataset, const std::string& name, const std::string& reason) {
  const auto reasons = reasons_of(dataset);
  return std::any_of(reasons.begin(), reasons.end(), [&](const std::string& each) {
    return each.starts_with(name + " ") && each.find(reason) != std::string::npos;
  });
}

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

const DatasetOptions kBenign{{"benign"}, false, false, "", {}};

/// Where a layout puts an image and its masks; the second is the folder and name without ending.
struct Place {
  std::string image;
  std::vector<std::string> masks;
};
struct WrittenLayout {
  std::string name;
  /// place(i, n, masks): of item i of n
  std::function<Place(int, int, int)> place;
  int most_masks = 3;
};

std::vector<std::string> numbered(const std::string& stem, int masks) {
  std::vector<std::string> names;
  for (int k = 0; k < masks; ++k) names.push_back(k == 0 ? stem : stem + "_" + std::to_string(k));
  return names;
}

std::string text(int i) {
  return std::to_string(i);
}

std::vector<WrittenLayout> written_layouts() {
  const auto part = [](int i) { return i % 3 == 0 ? "train/" : i % 3 == 1 ? "val/" : "test/"; };
  const auto kind = [](int i) { return i % 2 == 0 ? "benign" : "malignant"; };
  const auto two_folders = [](const std::string& images, const std::string& masks,
                              const std::string& before, const std::string& after) {
    return [=](int i, int, int n) {
      return Place{images + "/case" + text(i),
                   numbered(masks + "/" + before + "case" + text(i) + after, n)};
    };
  };
  std::vector<WrittenLayout> layouts = {
      {"BUSI",
       [=](int i, int, int n) {
         const std::string stem = std::string(kind(i)) + "/" + kind(i) + " (" + text(i) + ")";
         return Place{stem, numbered(stem + "_mask", n)};
       }},
      {"class folders",
       [=](int i, int, int n) {
         const std::string folder = kind(i);
         return Place{folder + "/images/x" + text(i), numbered(folder + "/masks/x" + text(i), n)};
       }},
      {"nnU-Net",
       [](int i, int, int) {
         return Place{"imagesTr/case" + text(i) + "_0000", {"labelsTr/case" + text(i)}};
       },
       1},
      {"parts above",
       [=](int i, int, int n) {
         return Place{std::string(part(i)) + "images/c" + text(i),
                      numbered(std::string(part(i)) + "masks/c" + text(i), n)};
       }},
      {"parts below",
       [=](int i, int, int n) {
         return Place{std::string("images/") + part(i) + "c" + text(i),
                      numbered(std::string("masks/") + part(i) + "c" + text(i) + "_mask", n)};
       }},
      {"classes below",
       [=](int i, int, int n) {
         const std::string folder = kind(i);
         return Place{"images/" + folder + "/" + text(i),
                      numbered("masks/" + folder + "/" + text(i) + "-seg", n)};
       }},
      {"parts in names",
       [=](int i, int, int n) {
         const std::string each = i % 2 == 0 ? "train_" : "val_";
         return Place{each + "images/c" + text(i), numbered(each + "masks/c" + text(i), n)};
       }},
  };
  for (const char* images : {"images", "image", "imgs", "img", "JPEGImages", "originals"}) {
    for (const char* masks : {"masks", "mask", "labels", "label", "annotations", "gt",
                              "groundtruth", "ground_truth", "segmentation", "SegmentationClass"}) {
      layouts.push_back({std::string(images) + " + " + masks, two_folders(images, masks, "", "")});
    }
  }
  layouts.push_back({"words", two_folders("a images", "a masks", "Mask-", "")});
  layouts.push_back({"suffix", two_folders("images", "masks", "", "_Annotation")});
  layouts.push_back({"unknown suffix", two_folders("images", "masks", "", "-odd_thing")});
  layouts.push_back({"beside", two_folders("all", "all", "", "_mask")});
  layouts.push_back({"beside, prefix", two_folders("all", "all", "Mask-", "")});
  layouts.push_back({"beside, gt", two_folders("all", "all", "", "_gt")});
  layouts.push_back({"beside, unknown", two_folders("all", "all", "", "-painted")});
  layouts.push_back(
      {"other words", [](int i, int, int n) {
         return Place{"images/bus_" + text(i) + "-l", numbered("masks/mask_" + text(i) + "-l", n)};
       }});
  layouts.push_back({"unknown words",
                     [](int i, int, int) {
                       return Place{"images/scan_" + text(i), {"masks/painting_" + text(i)}};
                     },
                     1});
  return layouts;
}

std::string in_odd_case(const std::string& path, Rng& rng) {
  std::string odd = path;
  for (char& c : odd) {
    if (rng.below(3) == 0) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if ((c == '-' || c == '_') && rng.below(3) == 0) c = "-_ "[rng.below(3)];
  }
  return odd;
}

}  // namespace

TEST_CASE("dataset: whatever was drawn is read, in every layout, depth, case, with links") {
  std::uint64_t seed = 0;
  for (const WrittenLayout& layout : written_layouts()) {
    for (int variant = 0; variant < 3; ++variant) {
      CAPTURE(layout.name);
      CAPTURE(variant);
      Rng rng(++seed);
      const TemporaryFolder folder, store;
      const fs::path root = folder.path() / (variant == 0 ? "" : "archive/data");
      const int count = 6;
      std::map<std::string, LabelMap> drawn;  // by image
      for (int i = 1; i <= count; ++i) {
        const Place place = layout.place(i, count, random_int(rng, 1, layout.most_masks));
        const LabelMap labels = random_labels(rng);
        const auto real = [&](const std::string& name, bool is_mask) {
          // Case and separators differ in the file's name alone: a folder has one name.
          const fs::path path(name + ".png");
          return variant == 2 && is_mask
                     ? root / path.parent_path() / in_odd_case(path.filename().string(), rng)
                     : root / path;
        };
        const fs::path image = real(place.image, false);
        std::vector<fs::path> masks;
        for (const std::string& mask : place.masks) masks.push_back(real(mask, true));
        for (fs::path& mask : masks) mask.replace_extension(".png");
        write_image_for(image, labels);
        write_masks(masks, labels, rng);
        drawn[image.string()] = labels;
        if (variant == 1) {  // some files are links to a store
          for (const fs::path& path : masks) {
            const fs::path away = store / text(static_cast<int>(rng.below(1000000000)));
            if (rng.coin()) continue;
            fs::rename(path, away);
            fs::create_symlink(away, path);
          }
        }
      }
      Dataset dataset;
      REQUIRE_NOTHROW(dataset = find_dataset(folder.path(), {}));
      REQUIRE(dataset.items.size() == static_cast<std::size_t>(count));
      CHECK_MESSAGE(dataset.unused.empty(), describe_unused(dataset));
      for (const DatasetItem& item : dataset.items) {
        const LabelMap read = read_labels(item, {});
        CHECK(read.labels == drawn.at(item.image.string()).labels);
      }
    }
  }
}

TEST_CASE("dataset: BUSI is found from its parent, several masks are united or the first taken") {
  const TemporaryFolder folder;
  const auto benign = folder / "archive/Dataset_BUSI_with_GT/benign";
  write_grey_png(benign / "benign (2).png", 2, 2, {9, 9, 9, 9});
  write_grey_png(benign / "benign (2)_mask.png", 2, 2, {255, 0, 0, 0});
  write_grey_png(benign / "benign (2)_mask_1.png", 2, 2, {0, 0, 0, 255});
  write_grey_png(benign / "benign (10).png", 2, 2, {9, 9, 9, 9});
  write_grey_png(benign / "benign (10)_mask.png", 2, 2, {0, 0, 0, 0});
  put(folder / "archive/Dataset_BUSI_with_GT/normal/normal (1).png");
  const Dataset found = find_dataset(folder.path(), kBenign);
  CHECK(found.layout == "BUSI");
  REQUIRE(found.items.size() == 2);
  CHECK(found.items[0].id == "benign/benign (2)");  // 2 before 10
  CHECK(found.items[0].image_class == "benign");
  CHECK(found.items[0].masks.size() == 2);
  CHECK(read_labels(found.items[0], {}).labels == std::vector<std::int32_t>{1, 0, 0, 1});
  CHECK(has_unused(found, "normal", "is a class not among --classes"));
  DatasetOptions first_only = kBenign;
  first_only.first_mask_only = true;
  const Dataset first = find_dataset(folder.path(), first_only);
  CHECK(read_labels(first.items[0], {}).labels == std::vector<std::int32_t>{1, 0, 0, 0});
  CHECK(has_unused(first, "benign (2)_mask_1.png", "--first-mask-only"));
  CHECK(message_of(folder.path()).find("no folder for the class 'malignant'") != std::string::npos);
  put(benign / "benign (3).png");
  CHECK(message_of(folder.path(), kBenign).find("without a mask: benign (3).png") !=
        std::string::npos);
}

TEST_CASE("dataset: images + masks, by equal names, by bare names, by order only when asked to") {
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

TEST_CASE("dataset: every file that is not used is named with its reason") {
  const TemporaryFolder folder;
  for (const char* name : {"images/a.png", "images/b.png", "masks/a.png", "masks/b.png"}) {
    put(folder / name);
  }
  for (const char* name : {"images/c.webp", "masks/c.GIF", "images/._a.png", "images/.DS_Store",
                           "masks/Thumbs.db", "readme.txt", "dataset.json", "over.png"}) {
    write_text(folder / name, "{}");
  }
  write_text(folder / ".dmf-phantom.jsonl", "{}");  // a program's own list is not named
  put(folder / "masks/left.png");
  put(folder / "__MACOSX/images/._b.png");
  put(folder / "more/deep/x.png");
  fs::create_symlink(folder / "nowhere", folder / "images/broken.png");
  fs::create_directory_symlink(folder.path(), folder / "images/loop");
  const Dataset dataset = find_dataset(folder.path(), {});
  CHECK(dataset.items.size() == 2);
  CHECK(has_unused(dataset, "c.webp", "is a .webp: convert it to PNG"));
  CHECK(has_unused(dataset, "c.GIF", "is a .gif: convert it to PNG"));
  CHECK(has_unused(dataset, "._a.png", "AppleDouble"));
  CHECK(has_unused(dataset, ".DS_Store", "is hidden"));
  CHECK(has_unused(dataset, "Thumbs.db", "is the system's"));
  CHECK(has_unused(dataset, "readme.txt", "is no picture"));
  CHECK(has_unused(dataset, "dataset.json", "is a JSON file that is not needed"));
  CHECK(has_unused(dataset, "over.png", "without a place in this layout"));
  CHECK(has_unused(dataset, "left.png", "is a mask without an image"));
  CHECK(has_unused(dataset, "__MACOSX", "is a leftover of macOS"));
  CHECK(has_unused(dataset, "more", "is a folder without a place"));
  CHECK(has_unused(dataset, "broken.png", "is a link that leads nowhere"));
  CHECK(has_unused(dataset, "loop", "is a link back"));
  CHECK(dataset.unused.size() == 13);
  const std::string text = describe_unused(dataset);
  CHECK(text.find("not used  13 files") == 0);
  CHECK(std::count(text.begin(), text.end(), '\n') <= 1);
  const FoundFiles files = files_of({(folder / "images").string()}, 1, is_image_path, "images");
  CHECK(files.files.size() == 2);
  CHECK(files.unused.size() == 5);
}

TEST_CASE("dataset: links to files and folders are followed, one folder by two names is one") {
  const TemporaryFolder folder, store;
  put(store / "pictures/a.png");
  put(store / "drawn/a.png");
  fs::create_directory_symlink(store / "pictures", folder / "images");
  fs::create_directory_symlink(store / "drawn", folder / "masks");
  CHECK(find_dataset(folder.path(), {}).items.size() == 1);
  const TemporaryFolder two;
  fs::create_directory_symlink(folder.path(), two / "latest");
  fs::create_directory_symlink(folder.path(), two / "version 2");
  CHECK(find_dataset(two.path(), {}).items.size() == 1);
}

TEST_CASE("dataset: what was seen is said when nothing fits, and two ways to read are refused") {
  const TemporaryFolder folder;
  put(folder / "gif/images/a.png");
  write_text(folder / "gif/masks/a.gif", "GIF89a");
  const std::string gif = message_of(folder / "gif");
  CHECK_MESSAGE(gif.find("no images with masks") != std::string::npos, gif);
  CHECK(gif.find("images (1 .png), masks (1 .gif)") != std::string::npos);
  CHECK(gif.find("a .gif: convert it to PNG: 1 (a.gif)") != std::string::npos);
  write_text(folder / "webp/images/a.webp", "RIFF");
  const std::string webp = message_of(folder / "webp");
  CHECK(webp.find("found no images in") != std::string::npos);
  CHECK(webp.find("images (1 .webp)") != std::string::npos);
  for (const char* name :
       {"both/images/a.png", "both/masks/a.png", "both/b.png", "both/b_mask.png"}) {
    put(folder / name);
  }
  CHECK(message_of(folder / "both").find("can be read in 2 ways, as 'images + masks'") !=
        std::string::npos);
  for (const char* name : {"twice/images/a.png", "twice/masks/a.png", "twice/labels/a.png"}) {
    put(folder / name);
  }
  CHECK(message_of(folder / "twice").find("could both hold the masks") != std::string::npos);
  DatasetOptions named;
  named.mask_names = "labels/*";
  CHECK(find_dataset(folder / "twice", named).items[0].masks[0] == folder / "twice/labels/a.png");
}

TEST_CASE("parts: folders give the split; a part they lack is drawn from the training images") {
  const TemporaryFolder folder;
  const auto add = [&](const std::string& part, int count) {
    for (int i = 0; i < count; ++i) {
      put(folder / (part + "/images/" + part + text(i) + ".png"));
      put(folder / (part + "/masks/" + part + text(i) + ".png"));
    }
  };
  add("Training", 20);
  add("valid", 3);
  const auto split_of = [&](const std::vector<std::size_t>& groups = {}) {
    const Dataset dataset = find_dataset(folder.path(), {});
    std::vector<std::size_t> own(dataset.items.size());
    for (std::size_t i = 0; i < own.size(); ++i) own[i] = groups.empty() ? i : groups[i];
    return given_split(dataset.items, own, 1);
  };
  const auto drawn = split_of();
  REQUIRE(drawn);
  CHECK(drawn->validation.size() == 3);
  CHECK(drawn->test.size() == 3);  // round(0.15 * 20)
  CHECK(drawn->train.size() == 17);
  add("test", 2);
  const auto given = split_of();
  REQUIRE(given);
  CHECK(given->train.size() == 20);
  CHECK(given->test.size() == 2);
  for (const std::size_t i : given->test) {
    CHECK(find_dataset(folder.path(), {}).items[i].id.starts_with("test/"));
  }
  CHECK_THROWS_WITH_AS(check_whole_groups(*given, std::vector<std::size_t>(25, 0),
                                          find_dataset(folder.path(), {}).items),
                       Contains("a group must be on one side"), IoError);
  fs::remove_all(folder / "test/masks");  // test images alone say nothing
  const Dataset unlabelled = find_dataset(folder.path(), {});
  CHECK(has_unused(unlabelled, "test", "images without masks"));
  std::vector<DatasetItem> items(4);
  items[0].part = items[1].part = "train";
  CHECK_THROWS_WITH_AS(given_split(items, {0, 1, 2, 3}, 1), Contains("lie in no train"), IoError);
  items[2].part = items[3].part = "train";
  CHECK_FALSE(given_split(items, {0, 1, 2, 3}, 1));
}

TEST_CASE("groups: by table and by pattern; none is ever on two sides") {
  std::vector<DatasetItem> items(6);
  for (std::size_t i = 0; i < 6; ++i) {
    items[i].id = "p" + text(static_cast<int>(i / 2)) + "_" + text(static_cast<int>(i));
    items[i].image = "/data/images/" + items[i].id + ".png";
  }
  CHECK(groups_by_pattern("(.*)_", items) == std::vector<std::size_t>{0, 0, 1, 1, 2, 2});
  CHECK(groups_by_pattern("p[0-9]", items) == std::vector<std::size_t>{0, 0, 1, 1, 2, 2});
  CHECK_THROWS_WITH_AS(groups_by_pattern("p[01]_", items), Contains("the image 'p2_4'"), IoError);
  CHECK_THROWS_WITH_AS(groups_by_pattern("(", items), Contains("is no regular expression"),
                       ValueError);
  CHECK(warn_several_per_patient(items).find("6 images look like several each of 3 patients") !=
        std::string::npos);
  std::vector<DatasetItem> busi(3);
  for (int i = 0; i < 3; ++i)
    busi[static_cast<std::size_t>(i)].id = "benign/benign (" + text(i) + ")";
  CHECK(warn_several_per_patient(busi).empty());
  const std::string rows =
      "Image,Patient_ID\nimages/"
      "p0_0.png,x\np0_1,y\np1_2.png,x\np1_3,z\np2_4,z\nimages\\p2_5.png,y\n";
  CHECK(groups_from_table(parse_csv(rows, "g"), items) ==
        std::vector<std::size_t>{0, 1, 0, 2, 2, 1});
  CHECK_THROWS_WITH_AS(groups_from_table(parse_csv("id,group\np0_0,x\n", "g"), items),
                       Contains("does not place the image 'p0_1'"), IoError);
  CHECK_THROWS_WITH_AS(groups_from_table(parse_csv("id,group\np0_0,\n", "g"), items),
                       Contains("does not place"), IoError);
  CHECK(united_groups({0, 0, 1, 2, 3}, {0, 1, 1, 2, 2}) == std::vector<std::size_t>{0, 0, 0, 3, 3});
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    const auto count = static_cast<std::size_t>(random_int(rng, 12, 90));
    std::vector<DatasetItem> many(count);
    std::vector<std::size_t> groups(count);
    for (std::size_t i = 0; i < count; ++i) {
      groups[i] = i < 6 ? i : static_cast<std::size_t>(random_int(rng, 0, 12));
      many[i].part = groups[i] % 6 == 0 ? "validation" : "train";
    }
    CHECK_NOTHROW(check_whole_groups(split_by_seed(groups, seed), groups, many));
    CHECK_NOTHROW(check_whole_groups(*given_split(many, groups, seed), groups, many));
    const auto fold_of = folds_by_seed(groups, 3, seed);
    CHECK_NOTHROW(check_whole_groups(split_by_fold(fold_of, 2), groups, many));
  }
}

TEST_CASE("names: a table may give a path; a name of several images is refused") {
  std::vector<DatasetItem> items(2);
  items[0] = {"a/x", "", "/data/images/a/x.png", {}, "", {}};
  items[1] = {"b/x", "", "/data/images/b/x.png", {}, "", {}};
  const auto groups = [&](const std::string& name) {
    return groups_from_table(parse_csv("id,group\n" + name + ",1\nb/x.png,2\n", "g"), items);
  };
  for (const char* name : {"a/x", "a/x.png", "images/a/x.png", "./images/a/x",
                           "/data/images/a/x.png", "images\\a\\x.png"}) {
    CHECK_NOTHROW(groups(name));
  }
  CHECK_THROWS_WITH_AS(groups("x.png"), Contains("several images are named 'x.png'"), IoError);
  CHECK_THROWS_WITH_AS(groups("c/x"), Contains("has no image 'c/x'"), IoError);
}

TEST_CASE(
    "names: those that are not UTF-8 are escaped, no two alike, and a split reads them back") {
  const auto unescaped = [](const std::string& text) {
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        name += text[i];
        continue;
      }
      name += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
      i += 3;
    }
    return name;
  };
  CHECK(escaped_name("K\xc3\xb6rper \xe2\x82\xac") == "K\xc3\xb6rper \xe2\x82\xac");
  CHECK(escaped_name("K\xf6rper\n\\") == "K\\xf6rper\\x0a\\x5c");
  CHECK(escaped_name("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xc2\x85") ==
        "\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xc2\\x85");
  Rng rng(5);
  for (int i = 0; i < 20000; ++i) {
    std::string name;
    const int size = random_int(rng, 0, 8);
    for (int k = 0; k < size; ++k) {
      name +=
          static_cast<char>(rng.coin() ? random_int(rng, 0, 255) : "\\x\xc3\xa9\xe2"[rng.below(5)]);
    }
    const std::string text = escaped_name(name);
    REQUIRE(unescaped(text) == name);
    REQUIRE(escaped_name(unescaped(text)) == text);
  }
  const TemporaryFolder folder;
  for (const char* name : {"K\xf6rper", "a\nb", "c,\"d", "e\\f", "\xff", "\xc3\xa9"}) {
    put(folder / (std::string("images/") + name + ".png"));
    put(folder / (std::string("masks/") + name + ".png"));
  }
  SampleSetOptions options;
  options.preprocess.size = 2;
  const SampleSet samples(find_dataset(folder.path(), {}), options);
  REQUIRE(samples.size() == 6);
  const Split made{{0, 2}, {1, 4}, {3, 5}};
  write_text(folder / "split.csv", split_csv(made, samples));
  const Split read = parse_split(read_csv(folder / "split.csv"), samples);
  CHECK(read.train == made.train);
  CHECK(read.validation == made.validation);
  CHECK(read.test == made.test);
}

}  // namespace dmf
