#include <doctest/doctest.h>
#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

#include "apps/data/groups.h"
#include "apps/data/item_files.h"
#include "apps/data/samples.h"
#include "apps/files/csv.h"
#include "engine/core/check.h"
#include "tests/support/dicom_files.h"
#include "tests/support/random_drawing.h"
#include "tests/support/temporary_folder.h"

// Data sets of DICOM files: frames as items, spacing, patients.

namespace dmf {
namespace {

using doctest::Contains;

/// Frames of one size; of masks 0 and 255 only, with some of both.
std::vector<Drawing> clip(std::mt19937& random, int frames, int height, int width, bool masks) {
  std::vector<Drawing> all;
  for (int k = 0; k < frames; ++k) {
    Drawing d{height, width, 1, 8, {}};
    for (int i = 0; i < height * width; ++i) {
      const int value = number(random, 0, 255);
      d.samples.push_back(static_cast<std::uint16_t>(masks ? (value < 100 ? 255 : 0) : value));
    }
    if (masks) {
      d.samples.front() = 255;
      d.samples.back() = 0;
    }
    all.push_back(std::move(d));
  }
  return all;
}

std::vector<std::int32_t> labels_of(const Drawing& mask) {
  std::vector<std::int32_t> labels;
  for (const auto sample : mask.samples) labels.push_back(sample > 0 ? 1 : 0);
  return labels;
}

SampleSet read(const TemporaryFolder& folder, const DatasetOptions& options = {}) {
  return SampleSet(find_dataset(folder.path(), options), {});
}

/// What each item's image and labels are to be, by id.
using Expected = std::map<std::string, std::pair<std::vector<std::uint16_t>, Drawing>>;

void check_all(const SampleSet& samples, const Expected& expected) {
  REQUIRE(samples.size() == expected.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto found = expected.find(samples.item(i).id);
    REQUIRE_MESSAGE(found != expected.end(), samples.item(i).id);
    const auto [image, labels] = samples.own(i);
    CHECK(image.samples == found->second.first);
    CHECK(labels.labels == labels_of(found->second.second));
    CHECK(samples.own_labels(i).labels == labels.labels);
  }
}

}  // namespace

TEST_CASE(
    "dicom set: every frame is an item, with the frame of its mask or the mask named after it") {
  std::mt19937 random(1);
  const std::string namings[] = {"{}_{}", "{}_frame{}", "{}_frame{}_mask", "{}-{:03}",
                                 "mask_{}_{}"};
  for (int round = 0; round < 40; ++round) {
    const TemporaryFolder folder;
    Expected expected;
    const bool whole = round % 6 == 5;
    const int first = number(random, 0, 1);
    const std::string naming = namings[round % 5];
    for (const char* name : {"clip_a", "clip_b", "still"}) {
      const int frames = std::string(name) == "still" ? 1 : number(random, 2, 12);
      const int height = number(random, 2, 9), width = number(random, 2, 9);
      const auto images = clip(random, frames, height, width, false),
                 masks = clip(random, frames, height, width, true);
      DicomHeader header;
      header.compression = round % 3 == 0 ? "RLE" : "";
      write_text(folder / (fmt::format("images/{}.dcm", name)), encode_dicom(images, header));
      if (whole || frames == 1) {
        write_text(folder / (fmt::format("masks/{}.dcm", name)), encode_dicom(masks));
      }
      for (int k = 0; k < frames; ++k) {
        const auto& mask = masks[static_cast<std::size_t>(k)];
        const int n = k + (whole ? 1 : first);
        const std::string id = frames == 1 ? name : fmt::format("{}_frame{}", name, n);
        expected[id] = {images[static_cast<std::size_t>(k)].samples, mask};
        if (whole || frames == 1) continue;
        const std::string own = fmt::format(fmt::runtime(naming), name, n);
        write_text(folder / ("masks/" + own + ".png"), encode_png_samples(mask));
      }
    }
    INFO(naming, " from ", first, whole ? ", whole" : "");
    check_all(read(folder), expected);
  }
}

TEST_CASE("dicom set: a few frames with masks, where the numbers say which they are") {
  std::mt19937 random(2);
  const TemporaryFolder folder;
  const auto images = clip(random, 5, 4, 4, false), masks = clip(random, 5, 4, 4, true);
  write_text(folder / "images/clip.dcm", encode_dicom(images));
  const auto put = [&](int frame, const std::string& name) {
    write_text(folder / ("masks/" + name),
               encode_png_samples(masks[static_cast<std::size_t>(frame)]));
  };
  put(2, "clip_3.png");
  CHECK_THROWS_WITH_AS(read(folder), Contains("Give --first-frame 0 or 1."), IoError);
  DatasetOptions options;
  options.first_frame = 1;
  check_all(read(folder, options), {{"clip_frame3", {images[2].samples, masks[2]}}});
  options.first_frame = 0;
  check_all(read(folder, options), {{"clip_frame3", {images[3].samples, masks[2]}}});
  put(4, "clip_5.png");  // there is a fifth, so the first is 1
  const Dataset found = find_dataset(folder.path(), {});
  CHECK(found.items.size() == 2);
  CHECK(std::any_of(found.notes.begin(), found.notes.end(), [](const std::string& note) {
    return note == "frames without a mask are left out: 3 of 5 of clip.dcm";
  }));
  check_all(read(folder), {{"clip_frame3", {images[2].samples, masks[2]}},
                           {"clip_frame5", {images[4].samples, masks[4]}}});
  put(0, "clip_0.png");
  CHECK_THROWS_WITH_AS(read(folder), Contains("begin at 0"), IoError);
  std::filesystem::remove(folder / "masks/clip_0.png");
  put(0, "clip_6.png");
  CHECK_THROWS_WITH_AS(read(folder), Contains("clip_6.png is named after frame 6 of"), IoError);
}

TEST_CASE("dicom set: masks that do not say of which frame they are, are refused") {
  std::mt19937 random(3);
  const auto three = clip(random, 3, 4, 4, false), masks = clip(random, 3, 4, 4, true);
  const auto refused = [&](const std::vector<Drawing>& image, const std::string& name,
                           const std::string& mask, const std::string& text) {
    const TemporaryFolder folder;
    write_text(folder / "images/clip.dcm", encode_dicom(image));
    write_text(folder / ("masks/" + name), mask);
    CHECK_THROWS_WITH_AS(read(folder), Contains(text.c_str()), IoError);
  };
  refused(three, "clip.png", encode_png_samples(masks[0]), "clip.dcm has 3 frames, its mask");
  refused(three, "clip.png", encode_png_samples(masks[0]), "clip_frame1.png to clip_frame3.png");
  refused(three, "clip.dcm", encode_dicom({masks[0], masks[1]}), "has 2 frames, its image");
  refused({three[0]}, "clip.dcm", encode_dicom(masks), "has 3 frames, its image");
  refused(three, "clip.json",
          R"({"imagePath": "clip.dcm", "imageHeight": 4, "imageWidth": 4, "shapes": []})",
          "has 3 frames, its mask");
  const TemporaryFolder folder;
  write_text(folder / "images/clip.dcm", encode_dicom(three));
  write_text(folder / "coco.json",
             R"({"images": [{"id": 1, "file_name": "clip.dcm", "width": 4, "height": 4}],
                 "annotations": [], "categories": [{"id": 1, "name": "lesion"}]})");
  CHECK_THROWS_WITH_AS(read(folder), Contains("has 3 frames, and its annotation in"), IoError);
}

TEST_CASE("dicom set: frames of a file are together, whatever a table or pattern says") {
  std::mt19937 random(4);
  const TemporaryFolder folder;
  for (const char* name : {"clip", "other"}) {
    write_text(folder / (fmt::format("images/{}.dcm", name)),
               encode_dicom(clip(random, 3, 4, 4, false)));
    write_text(folder / (fmt::format("masks/{}.dcm", name)),
               encode_dicom(clip(random, 3, 4, 4, true)));
  }
  const std::vector<DatasetItem> items = find_dataset(folder.path(), {}).items;
  using Groups = std::vector<std::size_t>;
  const Groups files = groups_of_files(items);
  CHECK(files == Groups{0, 0, 0, 1, 1, 1});
  const Groups united = united_groups(groups_by_pattern(".*", items), files);
  CHECK(std::set<std::size_t>(united.begin(), united.end()).size() == 2);
  // A row a file is enough.
  CHECK(groups_from_table(parse_csv("image,patient\nclip.dcm,7\nother,7\n", "g.csv"), items) ==
        Groups{0, 0, 0, 0, 0, 0});
  CHECK(groups_by_name({"a", "", "b", "a", ""}) == Groups{0, 1, 2, 0, 3});
}

TEST_CASE("dicom set: the header's spacing, at the file's size and at the network's") {
  std::mt19937 random(5);
  const TemporaryFolder folder;
  const auto put = [&](const std::string& name, const DicomHeader& header) {
    write_text(folder / ("images/" + name), encode_dicom(clip(random, 1, 20, 40, false), header));
    write_text(folder / ("masks/" + name), encode_dicom(clip(random, 1, 20, 40, true)));
  };
  DicomHeader header;
  header.spacing = "0.5\\0.25";
  header.patient = "17";
  put("a.dcm", header);
  put("b.dcm", {});
  for (const bool keep_aspect : {false, true}) {
    SampleSetOptions options;
    options.preprocess.size = 10;
    options.preprocess.keep_aspect = keep_aspect;
    const SampleSet samples(find_dataset(folder.path(), {}), options);
    const ItemHeader& a = samples.header(0);
    REQUIRE(a.spacing.has_value());
    CHECK(*a.spacing == Spacing{0.5, 0.25});
    // 20 rows become 10, or 5 of which; 40 columns 10.
    CHECK(*a.spacing_at_network == (keep_aspect ? Spacing{2.0, 1.0} : Spacing{1.0, 1.0}));
    CHECK(a.patient.size() == 16);
    CHECK_FALSE(samples.header(1).spacing.has_value());
    CHECK_FALSE(samples.header(1).spacing_at_network.has_value());
    CHECK(samples.header(1).patient.empty());
  }
}

}  // namespace dmf
