#include <doctest/doctest.h>

#include "apps/data/groups.h"
#include "apps/data/split.h"
#include "tests/support/tiny_dataset.h"

// Parts that folders give, and groups that stay together.

namespace dmf {
namespace {

using doctest::Contains;
namespace fs = std::filesystem;

std::string text(int i) {
  return std::to_string(i);
}

}  // namespace

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
  std::vector<std::string> names, busi;
  for (const DatasetItem& item : items) names.push_back(item.id);
  CHECK(warn_several_per_patient(names).find("6 images look like several each of 3 patients") !=
        std::string::npos);
  for (int i = 0; i < 3; ++i) busi.push_back("benign/benign (" + text(i) + ")");
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

}  // namespace dmf
