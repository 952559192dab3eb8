#include <doctest/doctest.h>

#include <set>

#include "apps/data/groups.h"
#include "apps/data/samples.h"
#include "apps/data/split.h"
#include "tests/support/random_text.h"
#include "tests/support/tiny_dataset.h"

// Names of images: in tables, and those that no table could hold.

namespace dmf {
namespace {

using doctest::Contains;

DatasetItem item_of(const std::string& id, const std::filesystem::path& image,
                    const std::vector<std::filesystem::path>& masks) {
  DatasetItem item;
  item.id = id;
  item.image = image;
  item.masks = masks;
  return item;
}

}  // namespace

TEST_CASE("names: a table may give a path; a name of several images is refused") {
  std::vector<DatasetItem> items(2);
  items[0] = item_of("a/x", "/data/images/a/x.png", {});
  items[1] = item_of("b/x", "/data/images/b/x.png", {});
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

TEST_CASE("split: whatever the images are called, it is read back") {
  const TemporaryFolder folder;
  put(folder / "a.png");
  SampleSetOptions options;
  options.preprocess.size = 1;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    std::set<std::string> names;
    while (names.size() < 9) names.insert(escaped_name(random_text(rng)));
    Dataset dataset;
    for (const std::string& name : names) {
      dataset.items.push_back(item_of(name, folder / "a.png", {folder / "a.png"}));
    }
    const SampleSet samples(std::move(dataset), options);
    Split made;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      (i % 3 == 0 ? made.train : i % 3 == 1 ? made.validation : made.test).push_back(i);
    }
    const std::string text = split_csv(made, samples);
    CAPTURE(text);
    Split read;
    REQUIRE_NOTHROW(read = parse_split(parse_csv(text, "split.csv"), samples));
    REQUIRE(read.train == made.train);
    REQUIRE(read.validation == made.validation);
    REQUIRE(read.test == made.test);
  }
}

}  // namespace dmf
