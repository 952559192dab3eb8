#include <doctest/doctest.h>

#include "apps/data/item_files.h"
#include "apps/data/layouts/dataset.h"
#include "apps/data/samples.h"
#include "tests/support/tiny_dataset.h"

// What is found in folders: layouts, links, files without a use.

namespace dmf {
namespace {

namespace fs = std::filesystem;

const DatasetOptions kBenign = [] {
  DatasetOptions options;
  options.classes = {"benign"};
  return options;
}();

}  // namespace

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

TEST_CASE("dataset: simulated images say so, and nothing else does") {
  const TemporaryFolder folder;
  put(folder / "data/benign/benign (1).png");
  put(folder / "data/benign/benign (1)_mask.png");
  for (const char* other : {"{}", "[]", "{\"simulated\": false}", "no JSON", ""}) {
    write_text(folder / "data/phantom.json", other);
    const Dataset found = find_dataset(folder / "data", kBenign);
    CHECK_FALSE(found.simulated);
    CHECK(found.layout == "BUSI");
    CHECK(has_unused(found, "phantom.json", "is a JSON file"));
  }
  write_text(folder / "data/phantom.json", "{\"simulated\": true}");
  for (const fs::path& from : {folder / "data", folder.path()}) {
    const Dataset found = find_dataset(from, kBenign);
    CHECK(found.simulated);
    CHECK(found.layout == "simulated (BUSI layout)");
    CHECK(found.published.empty());
    CHECK(found.unused.empty());
  }
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
  const FoundFiles files = files_of({(folder / "images").string()}, 1, why_no_image, "images");
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

}  // namespace dmf
