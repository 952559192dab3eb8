#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <set>

#include "apps/data/duplicates.h"
#include "apps/data/loader.h"
#include "apps/data/phantom.h"
#include "apps/data/split.h"
#include "apps/files/csv.h"
#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

void write_grey(const std::filesystem::path& path, int height, int width,
                const std::vector<std::uint8_t>& values) {
  std::filesystem::create_directories(path.parent_path());
  write_png(path, height, width, 1, values);
}

std::vector<std::uint8_t> constant(int count, int value) {
  return std::vector<std::uint8_t>(static_cast<std::size_t>(count),
                                   static_cast<std::uint8_t>(value));
}

/// n images of different noise with a small lesion each, in the BUSI layout.
void write_busi(const std::filesystem::path& root, int n) {
  for (int i = 1; i <= n; ++i) {
    const Sample phantom = make_phantom(PhantomKind::benign, 32, static_cast<std::uint64_t>(i));
    std::vector<std::uint8_t> pixels, mask;
    for (const float p : phantom.image.pixels) pixels.push_back(to_byte(p));
    for (const auto l : phantom.labels.labels) mask.push_back(static_cast<std::uint8_t>(255 * l));
    const std::string stem = "benign (" + std::to_string(i) + ")";
    write_grey(root / "benign" / (stem + ".png"), 32, 32, pixels);
    write_grey(root / "benign" / (stem + "_mask.png"), 32, 32, mask);
  }
}

SampleSetOptions at_size(int size) {
  SampleSetOptions options;
  options.preprocess.size = size;
  return options;
}

const DatasetOptions kBenign = [] {
  DatasetOptions options;
  options.classes = {"benign"};
  return options;
}();

}  // namespace

TEST_CASE("samples: every broken item is listed; --skip-broken leaves them out and counts them") {
  const TemporaryFolder folder;
  write_busi(folder.path(), 4);
  write_text(folder / "benign/benign (1).png", "no image");
  write_grey(folder / "benign/benign (3)_mask.png", 16, 32, constant(512, 0));
  const Dataset dataset = find_dataset(folder.path(), kBenign);
  try {
    const SampleSet samples(dataset, at_size(32));
    FAIL("broken images must stop the run");
  } catch (const IoError& error) {
    const std::string text = error.what();
    CHECK(text.find("2 of 4 images cannot be used (--skip-broken leaves them out)") !=
          std::string::npos);
    CHECK(text.find("benign (1).png is a text file under the name .png") != std::string::npos);
    CHECK(text.find("is 32 x 16, its image") != std::string::npos);
  }
  SampleSetOptions skipping = at_size(32);
  skipping.skip_broken = true;
  skipping.cache_bytes = 10000;  // less than two samples: the rest is decoded again
  const SampleSet samples(dataset, skipping);
  CHECK(samples.size() == 2);
  CHECK(samples.broken().size() == 2);
  CHECK(samples.sample(1).labels.labels.size() == 1024);
  CHECK(samples.lesions(1).share > 0.0);
}

TEST_CASE("samples: a mask that is its own image is refused; the encoding given is applied") {
  const TemporaryFolder folder;
  write_busi(folder.path(), 3);
  const SampleSet decided(find_dataset(folder.path(), kBenign), at_size(32));
  CHECK(decided.mask_encoding().classes == 2);
  SampleSetOptions stored = at_size(32);
  stored.encoding = decided.mask_encoding();
  stored.encoding->inverted = true;
  const SampleSet inverted(find_dataset(folder.path(), kBenign), stored);
  CHECK(inverted.lesions(0).share == doctest::Approx(1.0 - decided.lesions(0).share));
  stored.cache_bytes = 0;  // nothing kept: every file is read again
  const SampleSet again(find_dataset(folder.path(), kBenign), stored);
  CHECK(again.sample(1).labels.labels == inverted.sample(1).labels.labels);
  CHECK(again.sample(1).image.pixels == inverted.sample(1).image.pixels);
  std::filesystem::copy_file(folder / "benign/benign (2).png",
                             folder / "benign/benign (2)_mask.png",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THROWS_WITH_AS(SampleSet(find_dataset(folder.path(), kBenign), at_size(32)),
                       Contains("benign (2)_mask.png holds the same pixels as its image"), IoError);
}

TEST_CASE("samples: every file is decoded once, also a mask of more colours than bytes tell") {
  const TemporaryFolder folder;
  write_busi(folder / "data", 4);
  std::vector<std::uint8_t> samples;  // 32 x 32 pixels of a thousand colours, the middle bright
  for (int i = 0; i < 32 * 32; ++i) {
    const bool inside = std::abs(i / 32 - 16) < 6 && std::abs(i % 32 - 16) < 6;
    for (const int part : {i % 32, i / 32, 7}) {
      samples.push_back(static_cast<std::uint8_t>(part + (inside ? 200 : 0)));
    }
  }
  write_png(folder / "data/benign/benign (2)_mask.png", 32, 32, 3, samples);
  SampleSetOptions options = at_size(32);
  options.masks.probability = true;
  // The files are gone before any label is made.
  std::once_flag once;
  options.on_progress = [&](const std::string& what, std::size_t, std::size_t) {
    if (what != "masks understood") return;
    std::call_once(once, [&] { std::filesystem::rename(folder / "data", folder / "elsewhere"); });
  };
  const Dataset dataset = find_dataset(folder / "data", kBenign);
  const SampleSet set(dataset, options);
  CHECK(set.size() == 4);
  for (std::size_t i = 0; i < set.size(); ++i) CHECK(set.sample(i).labels.labels.size() == 1024);
  CHECK(set.lesions(1).share == doctest::Approx(121.0 / 1024.0));
}

TEST_CASE("split: 70/15/15 by seed, groups stay together, files are read back") {
  const Split split = split_by_seed(no_groups(550), 1);
  CHECK(split.test.size() == 83);  // round(0.15 * 550) = round(82.5)
  CHECK(split.validation.size() == 83);
  CHECK(split.train.size() == 384);
  CHECK(split_by_seed(no_groups(550), 1).test == split.test);
  CHECK(split_by_seed(no_groups(550), 2).test != split.test);
  std::vector<std::size_t> groups(200);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i / 4;
  const Split grouped = split_by_seed(groups, 3);
  CHECK(grouped.train.size() + grouped.validation.size() + grouped.test.size() == 200);
  CHECK(std::abs(static_cast<int>(grouped.test.size()) - 30) <= 4);
  std::vector<int> side(50, -1);
  for (const auto& [part, number] :
       {std::pair(&grouped.train, 0), std::pair(&grouped.validation, 1),
        std::pair(&grouped.test, 2)}) {
    for (const std::size_t i : *part) {
      CHECK((side[groups[i]] == -1 || side[groups[i]] == number));
      side[groups[i]] = number;
    }
  }
  CHECK_THROWS_WITH_AS(split_by_seed({0, 0, 1}, 1), Contains("2 groups: expected at least 3"),
                       ValueError);

  const TemporaryFolder folder;
  write_busi(folder.path(), 6);
  const SampleSet samples(find_dataset(folder.path(), kBenign), at_size(32));
  const Split made = split_by_seed(no_groups(6), 1);
  write_text(folder / "split.csv", split_csv(made, samples));
  const Split read = parse_split(read_csv(folder / "split.csv"), samples);
  CHECK(read.train == made.train);
  CHECK(read.test == made.test);
  const auto refused = [&](const std::string& text, const char* reason) {
    write_text(folder / "bad.csv", text);
    CHECK_THROWS_WITH_AS(parse_split(read_csv(folder / "bad.csv"), samples), Contains(reason),
                         IoError);
  };
  refused("id,part\nnobody,train\n", "row 1: the data set has no image 'nobody'");
  refused("id,part\nbenign/benign (1),train\nbenign/benign (1),test\n", "is given twice");
  refused("id,part\nbenign/benign (1),dev\n", "part 'dev'");
  refused("part,id\ntrain,benign/benign (1)\n", "does not place the image");
  refused("nothing at all\n", "has no column 'id': it has nothing at all");
}

TEST_CASE(
    "folds: one set aside is in no part of any; the others still test and validate once each") {
  const std::vector<std::size_t> fold_of = {0, 1, 2, 3, 0, 1, 2, 3, 0};
  for (const int fold : {1, 2, 4}) {
    const Split split = split_by_fold(fold_of, fold, 3);
    CHECK(split.aside == std::vector<std::size_t>{2, 6});
    CHECK(split.test.size() + split.validation.size() + split.train.size() == 7);
    CHECK(fold_of[split.test.front()] == static_cast<std::size_t>(fold - 1));
  }
  CHECK(fold_of[split_by_fold(fold_of, 2, 3).validation.front()] == 3);  // not the one set aside
  CHECK_THROWS_WITH_AS(split_by_fold(fold_of, 3, 3), Contains("fold 3 is set aside"), ValueError);
  CHECK_THROWS_WITH_AS(split_by_fold({0, 1, 2}, 1, 3), Contains("at least 3 of them beside"),
                       ValueError);
}

TEST_CASE("folds: a share may validate in the place of a fold, in whole groups; the rest trains") {
  std::vector<std::size_t> groups(120), fold_of;
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i / 3;
  fold_of = folds_by_seed(groups, 6, 4);
  for (const double share : {0.05, 0.1, 0.5}) {
    Split split = split_by_fold(fold_of, 2, 6);
    const std::vector<std::size_t> test = split.test, aside = split.aside;
    draw_validation(split, groups, share, 7);
    CHECK(split.test == test);
    CHECK(split.aside == aside);
    CHECK(split.train.size() + split.validation.size() == 120 - test.size() - aside.size());
    CHECK(static_cast<double>(split.validation.size()) == doctest::Approx(share * 80).epsilon(0.5));
    std::set<std::size_t> training;
    for (const std::size_t i : split.train) training.insert(groups[i]);
    for (const std::size_t i : split.validation) CHECK(!training.contains(groups[i]));
    Split again = split_by_fold(fold_of, 2, 6);
    draw_validation(again, groups, share, 7);
    CHECK(again.validation == split.validation);
    draw_validation(again, groups, share, 8);
    CHECK(again.validation != split.validation);
  }
  Split two_images{{0}, {1}, {2}, {}};
  CHECK_THROWS_WITH_AS(draw_validation(two_images, {0, 0, 1}, 0.1, 1),
                       Contains("the training images are one group"), ValueError);
}

TEST_CASE("folds: every item tests once, groups stay together; official folds are read by name") {
  std::vector<std::size_t> groups(101);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i / 3;
  const std::vector<std::size_t> fold_of = folds_by_seed(groups, 5, 4);
  CHECK(fold_of == folds_by_seed(groups, 5, 4));
  CHECK(fold_of != folds_by_seed(groups, 5, 5));
  for (std::size_t i = 1; i < groups.size(); ++i) {
    if (groups[i] == groups[i - 1]) CHECK(fold_of[i] == fold_of[i - 1]);
  }
  std::vector<int> tested(groups.size());
  for (int fold = 1; fold <= 5; ++fold) {
    const Split split = split_by_fold(fold_of, fold);
    CHECK(split.train.size() + split.validation.size() + split.test.size() == groups.size());
    CHECK(std::abs(static_cast<int>(split.test.size()) - 20) <= 3);
    CHECK(split.validation == split_by_fold(fold_of, fold % 5 + 1).test);
    for (const std::size_t i : split.test) ++tested[i];
  }
  CHECK(std::count(tested.begin(), tested.end(), 1) == 101);
  CHECK_THROWS_WITH_AS(folds_by_seed({0, 1, 2}, 2, 1), Contains("2 folds of 3 groups"), ValueError);
  CHECK_THROWS_WITH_AS(folds_by_seed({0, 1, 1}, 3, 1), Contains("3 folds of 2 groups"), ValueError);
  CHECK_THROWS_WITH_AS(split_by_fold(fold_of, 6), Contains("fold 6 of 5"), ValueError);

  const TemporaryFolder folder;
  write_busi(folder.path(), 4);
  const SampleSet samples(find_dataset(folder.path(), kBenign), at_size(32));
  const auto folds = [&](const std::string& text) {
    write_text(folder / "cv.csv", text);
    return parse_folds(read_csv(folder / "cv.csv"), samples);
  };
  CHECK(folds("Image,Pathology,kFold\r\nbenign (2).png,x,1\r\nbenign (1),\"a,b\",2\r\n"
              "benign/benign (3),x,3\r\nbenign (4),x,1\r\n") ==
        std::vector<std::size_t>{1, 0, 2, 0});
  const auto refused = [&](const std::string& text, const char* reason) {
    CHECK_THROWS_WITH_AS(folds(text), Contains(reason), IoError);
  };
  refused("id,fold\nbenign (1),1\nnobody,2\n", "row 2: the data set has no image 'nobody'");
  refused("id,fold\nbenign (1),1\n", "does not place the image 'benign/benign (2)'");
  refused("id,part\nbenign (1),1\n", "has no column named fold");
  refused("id,fold\nbenign (1),1.5\nbenign (2),1\nbenign (3),1\nbenign (4),1\n",
          "row 1: fold '1.5', expected a whole number");
  refused("id,fold\nbenign (1),one\nbenign (2),1\nbenign (3),1\nbenign (4),1\n",
          "column 'fold': 'one' is not a number");
}

TEST_CASE("csv: quotes, commas, line ends in cells; what is not a table is refused by line") {
  const CsvTable table = parse_csv(
      "\xef\xbb\xbf"
      "a,b\r\n\"x, \"\"y\"\"\n2\",3.5\n\n,\n",
      "t");
  CHECK(table.columns == std::vector<std::string>{"a", "b"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.text(0, "a") == "x, \"y\"\n2");
  CHECK(table.number(0, "b") == 3.5);
  CHECK(table.text(1, "b").empty());
  CHECK(parse_csv("a\n" + csv_cell("x, \"y\"\r\n2"), "t").text(0, "a") == "x, \"y\"\r\n2");
  // A quoted cell keeps its line ends, also at the end of a row (found by tests/fuzz).
  CHECK(parse_csv("a\n\"x\r\"\r\n\"y\r\"", "t").rows ==
        std::vector<std::vector<std::string>>{{"x\r"}, {"y\r"}});
  const auto refused = [](const std::string& text, const char* reason) {
    CHECK_THROWS_WITH_AS(parse_csv(text, "t"), Contains(reason), IoError);
  };
  refused("", "t is empty");
  refused("a,b\n1,2\n1,2,3\n", "t line 3 has 3 cells: the header has 2");
  refused("a,b\n\"x\n\n,1\n", "t line 2: a quote does not end");
  CHECK_THROWS_WITH_AS(table.number(1, "b"), Contains("row 2, column 'b': '' is not a number"),
                       IoError);
  CHECK_THROWS_WITH_AS(table.text(0, "c"), Contains("no column 'c': it has a, b"), IoError);
}

TEST_CASE("near-duplicates: no pair is lost by looking at sketches first") {
  Rng rng(5);
  const auto unit = [](std::vector<double> values) {
    double sum = 0.0, squares = 0.0;
    for (const double value : values) sum += value;
    for (double& value : values) {
      value -= sum / static_cast<double>(values.size());
      squares += value * value;
    }
    for (double& value : values) value = squares > 0.0 ? value / std::sqrt(squares) : 0.0;
    return values;
  };
  for (int round = 0; round < 12; ++round) {
    // Of a few images, coarse ones, fine ones and flat ones, copies with more or less noise.
    std::vector<std::vector<double>> thumbnails, kinds(4, std::vector<double>(1024));
    for (std::size_t k = 0; k < 1024; ++k) {
      kinds[0][k] = static_cast<double>(k / 128) + 0.1 * rng.normal();
      kinds[1][k] = rng.normal();
      kinds[2][k] = k % 2 == 0 ? 1.0 : -1.0;  // nothing is left of it in any block
    }
    for (std::size_t i = 0; i < 10 + 7 * static_cast<std::size_t>(round); ++i) {
      std::vector<double> copy = kinds[rng.below(4)];
      const double noise = rng.uniform(0.0, 0.4);
      if (rng.below(8) > 0) {
        for (double& value : copy) value += noise * rng.normal();
      }
      thumbnails.push_back(unit(copy));
    }
    for (const double threshold : {0.0, 0.5, 0.9, 0.97, 1.0}) {
      std::vector<AlikePair> expected;
      for (std::size_t i = 0; i < thumbnails.size(); ++i) {
        for (std::size_t j = i + 1; j < thumbnails.size(); ++j) {
          const double correlation = std::inner_product(thumbnails[i].begin(), thumbnails[i].end(),
                                                        thumbnails[j].begin(), 0.0);
          if (correlation > threshold) expected.push_back({i, j, correlation});
        }
      }
      const std::vector<AlikePair> found = alike_pairs(thumbnails, threshold);
      REQUIRE(found.size() == expected.size());
      for (std::size_t k = 0; k < found.size(); ++k) {
        CHECK(found[k].first == expected[k].first);
        CHECK(found[k].second == expected[k].second);
        CHECK(found[k].correlation == expected[k].correlation);
      }
    }
  }
  CHECK(alike_pairs({}, 0.97).empty());
}

TEST_CASE("near-duplicates: copies and brighter copies are grouped, others are not") {
  const TemporaryFolder folder;
  write_busi(folder.path(), 4);
  const RawImage raw = read_image(folder / "benign/benign (2).png");
  std::vector<std::uint8_t> brighter;
  for (const auto v : raw.samples) brighter.push_back(static_cast<std::uint8_t>(v / 2 + 60));
  write_grey(folder / "benign/benign (9).png", 32, 32, brighter);
  std::filesystem::copy(folder / "benign/benign (2)_mask.png",
                        folder / "benign/benign (9)_mask.png");
  const SampleSet samples(find_dataset(folder.path(), kBenign), at_size(32));
  const auto groups = groups_of(near_duplicates(samples, 0.97), samples.size());
  CHECK(groups == std::vector<std::size_t>{0, 1, 2, 3, 1});
}

TEST_CASE("loader: each image once, batches of nearly equal size, order by seed and epoch") {
  const TemporaryFolder folder;
  write_busi(folder.path(), 7);
  const SampleSet samples(find_dataset(folder.path(), kBenign), at_size(32));
  std::vector<std::size_t> items(7);
  std::iota(items.begin(), items.end(), std::size_t{0});
  const auto epoch_of = [&](Loader& loader, std::int64_t epoch) {
    std::vector<std::size_t> seen;
    loader.start_epoch(epoch);
    while (const auto batch = loader.next()) {
      CHECK((batch->items.size() == 2 || batch->items.size() == 3));
      CHECK(batch->images.shape() == Shape{static_cast<Index>(batch->items.size()), 32, 32, 1});
      seen.insert(seen.end(), batch->items.begin(), batch->items.end());
    }
    return seen;
  };
  Loader loader(samples, items, {3, parse_composition("strong"), true, 1});
  CHECK(loader.batches() == 3);
  const auto first = epoch_of(loader, 0), second = epoch_of(loader, 1);
  CHECK(first != second);
  CHECK(epoch_of(loader, 0) == first);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  CHECK(sorted == items);
  Loader plain(samples, items, {3});
  CHECK(epoch_of(plain, 5) == items);
  loader.start_epoch(0);
  const auto a = loader.next();
  loader.start_epoch(0);  // left early, started again: the same images, pixel by pixel
  const auto b = loader.next();
  CHECK(std::equal(a->images.span().begin(), a->images.span().end(), b->images.span().begin()));
  // What is drawn for an image depends on neither its place nor who prepares it.
  const auto images_of = [&](const LoaderOptions& options) {
    Loader made(samples, items, options);
    made.start_epoch(4);
    std::vector<std::vector<float>> images(items.size());
    while (const auto batch = made.next()) {
      const auto pixels = batch->images.span();
      const std::size_t each = pixels.size() / batch->items.size();
      for (std::size_t k = 0; k < batch->items.size(); ++k) {
        const auto from = pixels.begin() + static_cast<std::ptrdiff_t>(k * each);
        images[batch->items[k]].assign(from, from + static_cast<std::ptrdiff_t>(each));
      }
    }
    return images;
  };
  CHECK(images_of({3, parse_composition("strong"), true, 1}) ==
        images_of({2, parse_composition("strong"), false, 1, 3}));
}

}  // namespace dmf
