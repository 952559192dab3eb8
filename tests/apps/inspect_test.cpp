#include <doctest/doctest.h>

#include "apps/image/codecs/image_file.h"
#include "apps/inspection/findings.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// What inspect says of a data set.

namespace dmf {
namespace {

/// Speckle that no other image has.
std::vector<std::uint8_t> speckle(int pixels, unsigned seed) {
  std::vector<std::uint8_t> values;
  for (int i = 0; i < pixels; ++i) {
    seed = seed * 1664525u + 1013904223u;
    values.push_back(static_cast<std::uint8_t>(40 + (seed >> 24) / 2));
  }
  return values;
}

std::vector<std::uint8_t> with_lesion(int side, int from, int to) {
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (int h = from; h < to; ++h) {
    for (int w = from; w < to; ++w) mask[static_cast<std::size_t>(h * side + w)] = 255;
  }
  return mask;
}

constexpr int kSide = 64;

void put(const std::filesystem::path& root, const std::string& name,
         const std::vector<std::uint8_t>& image, const std::vector<std::uint8_t>& mask) {
  std::filesystem::create_directories(root / "images");
  std::filesystem::create_directories(root / "masks");
  const auto channels = static_cast<int>(image.size() / (kSide * kSide));
  write_png(root / "images" / name, kSide, kSide, channels, image);
  write_png(root / "masks" / name, kSide, kSide, 1, mask);
}

/// A plain image, a twin of it, a speck, burnt-in colour, one that is flat, and one without lesion.
void put_all(const std::filesystem::path& root) {
  const std::vector<std::uint8_t> plain = speckle(kSide * kSide, 1);
  put(root, "plain.png", plain, with_lesion(kSide, 10, 30));
  put(root, "twin.png", plain, with_lesion(kSide, 10, 30));
  put(root, "speck.png", speckle(kSide * kSide, 2), with_lesion(kSide, 20, 21));
  std::vector<std::uint8_t> coloured;
  for (const std::uint8_t value : speckle(kSide * kSide, 3))
    coloured.insert(coloured.end(), 3, value);
  coloured[0] = 255;
  coloured[1] = coloured[2] = 0;
  put(root, "marked.png", coloured, with_lesion(kSide, 10, 20));
  put(root, "flat.png", std::vector<std::uint8_t>(kSide * kSide, 90), with_lesion(kSide, 5, 25));
  put(root, "empty.png", speckle(kSide * kSide, 4), with_lesion(kSide, 0, 0));
  write_text(root / "images/notes.txt", "seen by nobody");
}

}  // namespace

TEST_CASE("inspect: what it finds, and what it leaves alone") {
  const TemporaryFolder folder;
  put_all(folder / "data");
  SampleSetOptions options;
  options.preprocess.size = 16;
  const Inspection found = inspect(SampleSet(find_dataset(folder / "data", {}), options), 0.97);
  REQUIRE(found.images.size() == 6);
  const auto where = [&](const std::string& what) {
    for (const Finding& finding : found.findings) {
      if (finding.what.find(what) != std::string::npos) return finding.where;
    }
    return std::vector<std::string>();
  };
  using Names = std::vector<std::string>;
  CHECK(where("smaller than a pixel") == Names{"speck"});
  CHECK(where("less than a thousandth") == Names{"speck"});
  CHECK(where("colour burnt") == Names{"marked"});
  CHECK(where("low contrast") == Names{"flat"});
  CHECK(where("no lesion") == Names{"empty"});
  CHECK(where("several lesions").empty());
  CHECK(where("more than 60 %").empty());
  REQUIRE(where("not used").size() == 1);
  CHECK(where("not used")[0].find("notes.txt: is no picture") != std::string::npos);
  CHECK(found.alike.groups == 1);
  CHECK(found.alike.grouped_images == 2);
  CHECK(found.suspects() == Names{"flat", "marked", "speck"});
  CHECK(found.images[3].id == "plain");
  CHECK(found.images[3].lesions == std::vector<std::int64_t>{400});
  CHECK(found.images[3].lesion_share == doctest::Approx(400.0 / 4096));
  for (const ImageFacts& image : found.images) {
    const RawImage thumbnail = decode_image(image.thumbnail, image.id);
    CHECK(thumbnail.height == kSide);
    CHECK(thumbnail.channels == 3);
  }
}

TEST_CASE("inspect: the program prints it, writes one page, and replaces nobody's") {
  const TemporaryFolder folder;
  put_all(folder / "data");
  const std::string command = "inspect --data " + quoted(folder / "data") + " --image 16 --out " +
                              quoted(folder / "page.html");
  const Outcome said = run(command);
  REQUIRE_MESSAGE(said.code == 0, said.text);
  CHECK(said.text.find("images + masks: 6 images") != std::string::npos);
  CHECK(said.text.find("look at: lesions smaller than a pixel") != std::string::npos);
  const std::string page = read_text(folder / "page.html");
  CHECK(page.find("<div class=\"sheet\">") != std::string::npos);
  CHECK(page.find("data:image/jpeg;base64,") != std::string::npos);
  is_one_error_line(run(command), 1, "page.html");
  CHECK(run(command + " --overwrite").code == 0);
  write_text(folder / "page.html", "mine");
  is_one_error_line(run(command + " --overwrite"), 1, "page.html");
  CHECK(read_text(folder / "page.html") == "mine");

  write_text(folder / "data/images/plain.png", "broken");
  const Outcome broken = run("inspect --data " + quoted(folder / "data"));
  CHECK(broken.code == 1);
  CHECK(broken.text.find("look at: cannot be used (1)") != std::string::npos);
  is_one_error_line(run("inspect --data /nowhere"), 1, "/nowhere is not a folder");
}

TEST_CASE("inspect --augmented: a page of images as the network will see them") {
  const TemporaryFolder folder;
  put_all(folder / "data");
  const std::string command = "inspect --data " + quoted(folder / "data") + " --image 16 ";
  const auto cells_of = [&](const std::string& name, const std::string& augment) {
    const Outcome said =
        run(command + "--augment '" + augment + "' --augmented " + quoted(folder / name));
    REQUIRE_MESSAGE(said.code == 0, said.text);
    CHECK(said.text.find("augmented ") != std::string::npos);
    const std::string page = read_text(folder / name);
    std::vector<std::string> cells;
    const std::string mark = "data:image/jpeg;base64,";
    for (std::size_t at = page.find(mark); at != std::string::npos; at = page.find(mark, at + 1)) {
      cells.push_back(page.substr(at, page.find('"', at) - at));
    }
    return std::pair{cells, page};
  };
  const auto [cells, page] = cells_of("drawn.html", "flip(p=1), noise(p=1, sigma=0.2)");
  REQUIRE(cells.size() == 6 * 7);  // each image untouched, then six draws
  CHECK(page.find("flip(p=1, axis=horizontal), noise(p=1, sigma=0.2)") != std::string::npos);
  for (std::size_t row = 0; row < 6; ++row) CHECK(cells[7 * row + 1] != cells[7 * row + 2]);
  const auto untouched = cells_of("none.html", "none").first;
  for (std::size_t k = 0; k < untouched.size(); ++k) CHECK(untouched[k] == cells[k - k % 7]);
  is_one_error_line(run(command + "--augmented " + quoted(folder / "none.html")), 1, "none.html");
  is_one_error_line(run(command + "--augment flp"), 2,
                    "--augment: character 1: got 'flp', expected none, flips, strong, flip");
  CHECK(run(command + "--augment flips").text.find("--augment has no effect without --augmented") !=
        std::string::npos);
}

}  // namespace dmf
