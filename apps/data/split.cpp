#include "apps/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "apps/data/item_table.h"
#include "apps/files/csv.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

constexpr std::uint64_t kSplitStream = 0x73706c6974;  // "split"

/// The members of every group, in an order drawn by the seed, large groups first, so that the last
/// ones can fill what is left.
std::vector<std::vector<std::size_t>> shuffled_groups(const std::vector<std::size_t>& groups,
                                                      std::uint64_t seed) {
  std::map<std::size_t, std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < groups.size(); ++i) members[groups[i]].push_back(i);
  std::vector<std::vector<std::size_t>> order;
  for (auto& [group, items] : members) order.push_back(std::move(items));
  Rng rng(seed, kSplitStream);
  rng.shuffle(order);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  return order;
}

/// Fills parts of these sizes with whole groups, each to the part that lacks the largest share of
/// its size. Items are sorted.
std::vector<std::vector<std::size_t>> fill_parts(const std::vector<std::vector<std::size_t>>& order,
                                                 const std::vector<std::size_t>& sizes) {
  std::vector<std::vector<std::size_t>> parts(sizes.size());
  for (const std::vector<std::size_t>& items : order) {
    std::vector<double> lacking;
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      lacking.push_back(1.0 - static_cast<double>(parts[k].size()) / static_cast<double>(sizes[k]));
    }
    const auto most = std::max_element(lacking.begin(), lacking.end()) - lacking.begin();
    auto& part = parts[static_cast<std::size_t>(most)];
    part.insert(part.end(), items.begin(), items.end());
  }
  for (auto& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

std::size_t held_out_of(std::size_t items, double share = 0.15) {
  const double count = share * static_cast<double>(items);
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(count)));
}

/// Some of these items, about `count` of them, in whole groups; first those that stay.
///
/// throws  ValueError where all are one group
std::pair<std::vector<std::size_t>, std::vector<std::size_t>> hold_out(
    const std::vector<std::size_t>& items, const std::vector<std::size_t>& groups,
    std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> group_of;
  for (const std::size_t i : items) group_of.push_back(groups[i]);
  const auto order = shuffled_groups(group_of, seed);
  DMF_CHECK(order.size() >= 2, ValueError,
            "[split] the training images are one group: expected two, to draw another part of "
            "them.");
  const auto parts = fill_parts(order, {items.size() - count, count});
  std::vector<std::size_t> kept, held;
  for (const std::size_t k : parts[0]) kept.push_back(items[k]);
  for (const std::size_t k : parts[1]) held.push_back(items[k]);
  return {std::move(kept), std::move(held)};
}

/// The rows whose id the data set still has.
CsvTable rows_present(const CsvTable& table, const SampleSet& samples) {
  std::set<std::string> ids;
  for (std::size_t i = 0; i < samples.size(); ++i) ids.insert(samples.item(i).id);
  CsvTable present = table;
  present.rows.clear();
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    if (ids.contains(table.text(row, "id"))) present.rows.push_back(table.rows[row]);
  }
  return present;
}

}  // namespace

Split split_by_seed(const std::vector<std::size_t>& groups, std::uint64_t seed) {
  const std::vector<std::vector<std::size_t>> order = shuffled_groups(groups, seed);
  DMF_CHECK(order.size() >= 3, ValueError,
            "[split] {} images in {} group{}: expected at least 3 groups, one for each part.",
            groups.size(), order.size(), order.size() == 1 ? "" : "s");
  const std::size_t held_out = held_out_of(groups.size());
  auto parts = fill_parts(order, {groups.size() - 2 * held_out, held_out, held_out});
  return {std::move(parts[0]), std::move(parts[1]), std::move(parts[2])};
}

std::optional<Split> given_split(const std::vector<DatasetItem>& items,
                                 const std::vector<std::size_t>& groups, std::uint64_t seed) {
  Split split;
  std::size_t without = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string& part = items[i].part;
    if (part.empty()) ++without;
    if (part == "train") split.train.push_back(i);
    if (part == "validation") split.validation.push_back(i);
    if (part == "test") split.test.push_back(i);
  }
  const auto is_all = [&](const std::vector<std::size_t>& part) {
    return part.size() == items.size();
  };
  if (without == items.size() || is_all(split.train) || is_all(split.validation) ||
      is_all(split.test)) {
    return std::nullopt;
  }
  DMF_CHECK(
      without == 0, IoError,
      "[split] {} of {} images lie in no train, validation or test folder, the others do: move "
      "them, or give --split random.",
      without, items.size());
  DMF_CHECK(!split.train.empty(), IoError,
            "[split] the folders give {} validation and {} test images, but none to train: give "
            "--split random to divide them anew.",
            split.validation.size(), split.test.size());
  for (auto* missing : {&split.validation, &split.test}) {
    if (!missing->empty()) continue;
    auto [kept, held] = hold_out(split.train, groups, held_out_of(split.train.size()), seed);
    *missing = std::move(held);
    split.train = std::move(kept);
  }
  return split;
}

void check_whole_groups(const Split& split, const std::vector<std::size_t>& groups,
                        const std::vector<DatasetItem>& items) {
  std::map<std::size_t, std::pair<std::size_t, const char*>> first;  // of each group: item and part
  const auto look_at = [&](const std::vector<std::size_t>& part, const char* name) {
    for (const std::size_t i : part) {
      const auto [known, is_new] = first.emplace(groups[i], std::pair(i, name));
      DMF_CHECK(is_new || known->second.second == name, IoError,
                "[split] '{}' is in {} and '{}', of the same group, in {}: a group must be on one "
                "side. Change the split, or the groups (--groups, --group-by).",
                items[known->second.first].own_name(), known->second.second, items[i].own_name(),
                name);
    }
  };
  look_at(split.train, "train");
  look_at(split.validation, "validation");
  look_at(split.test, "test");
}

std::vector<std::size_t> folds_by_seed(const std::vector<std::size_t>& groups, int folds,
                                       std::uint64_t seed) {
  const std::vector<std::vector<std::size_t>> order = shuffled_groups(groups, seed);
  DMF_CHECK(folds >= 3 && order.size() >= static_cast<std::size_t>(folds), ValueError,
            "[split] {} folds of {} group{}: expected at least 3 folds, and a group for each.",
            folds, order.size(), order.size() == 1 ? "" : "s");
  std::vector<std::size_t> fold_of(groups.size()), sizes(static_cast<std::size_t>(folds));
  for (const std::vector<std::size_t>& items : order) {
    const auto smallest = std::min_element(sizes.begin(), sizes.end());
    *smallest += items.size();
    for (const std::size_t i : items) {
      fold_of[i] = static_cast<std::size_t>(smallest - sizes.begin());
    }
  }
  return fold_of;
}

Split split_by_fold(const std::vector<std::size_t>& fold_of, int fold, int aside) {
  const std::size_t folds = *std::max_element(fold_of.begin(), fold_of.end()) + 1;
  DMF_CHECK(
      folds >= (aside > 0 ? 4 : 3) && fold >= 1 && static_cast<std::size_t>(fold) <= folds,
      ValueError,
      "[split] fold {} of {}: expected 1 to the number of folds, and at least 3 of them beside "
      "the one set aside.",
      fold, folds);
  DMF_CHECK(aside >= 0 && static_cast<std::size_t>(aside) <= folds && aside != fold, ValueError,
            "[split] fold {} is set aside, fold {} of {} tests: expected another of them.", aside,
            fold, folds);
  const auto left_out = static_cast<std::size_t>(aside - 1);
  const auto test = static_cast<std::size_t>(fold - 1);
  std::size_t validation = (test + 1) % folds;
  if (aside > 0 && validation == left_out) validation = (validation + 1) % folds;
  Split split;
  for (std::size_t i = 0; i < fold_of.size(); ++i) {
    auto& part = aside > 0 && fold_of[i] == left_out ? split.aside
                 : fold_of[i] == test                ? split.test
                 : fold_of[i] == validation          ? split.validation
                                                     : split.train;
    part.push_back(i);
  }
  DMF_CHECK(!split.train.empty() && !split.validation.empty() && !split.test.empty(), ValueError,
            "[split] fold {} leaves a part empty: {} train, {} validation, {} test.", fold,
            split.train.size(), split.validation.size(), split.test.size());
  return split;
}

void draw_validation(Split& split, const std::vector<std::size_t>& groups, double share,
                     std::uint64_t seed) {
  std::vector<std::size_t> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  std::tie(split.train, split.validation) =
      hold_out(all, groups, held_out_of(all.size(), share), seed);
}

std::vector<std::size_t> parse_folds(const CsvTable& table, const SampleSet& samples) {
  const std::string id = one_column(table, kImageColumns);
  const std::string fold = one_column(table, {"fold", "kfold", "k-fold", "k_fold"});
  const std::vector<std::size_t> items = items_of(table, id, samples.dataset().items);
  require_all(items, samples.dataset().items, table.name);
  constexpr double kMost = 1000.0;
  std::vector<double> labels;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    labels.push_back(table.number(row, fold));
    DMF_CHECK(labels.back() >= 0.0 && labels.back() <= kMost &&
                  labels.back() == std::floor(labels.back()),
              IoError, "[split] {} row {}: fold '{}', expected a whole number.", table.name,
              row + 1, table.text(row, fold));
  }
  // Folds count from 0 or from 1, whatever is least.
  const double least = *std::min_element(labels.begin(), labels.end());
  std::vector<std::size_t> fold_of(samples.size());
  for (std::size_t row = 0; row < items.size(); ++row) {
    fold_of[items[row]] = static_cast<std::size_t>(labels[row] - least);
  }
  return fold_of;
}

std::string split_csv(const Split& split, const SampleSet& samples) {
  std::vector<std::string> part_of(samples.size());
  for (const std::size_t i : split.train) part_of[i] = "train";
  for (const std::size_t i : split.validation) part_of[i] = "validation";
  for (const std::size_t i : split.test) part_of[i] = "test";
  for (const std::size_t i : split.aside) part_of[i] = "aside";
  std::string text = "id,part\n";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    text += fmt::format("{},{}\n", csv_cell(samples.item(i).id), part_of[i]);
  }
  return text;
}

Split parse_split(const CsvTable& all, const SampleSet& samples, DataChange change) {
  const CsvTable table = change == DataChange::allowed ? rows_present(all, samples) : all;
  const std::vector<std::size_t> items = items_of(table, "id", samples.dataset().items);
  Split split;
  for (std::size_t row = 0; row < items.size(); ++row) {
    const std::string& part = table.text(row, "part");
    DMF_CHECK(part == "train" || part == "validation" || part == "test" || part == "aside", IoError,
              "[split] {} row {}: part '{}': expected train, validation, test or aside.",
              table.name, row + 1, part);
    (part == "train"        ? split.train
     : part == "validation" ? split.validation
     : part == "test"       ? split.test
                            : split.aside)
        .push_back(items[row]);
  }
  if (change == DataChange::refused) require_all(items, samples.dataset().items, table.name);
  DMF_CHECK(!split.train.empty() && !split.validation.empty() && !split.test.empty(), IoError,
            "[split] {} leaves a part empty: {} train, {} validation, {} test.", table.name,
            split.train.size(), split.validation.size(), split.test.size());
  for (auto* part : {&split.train, &split.validation, &split.test, &split.aside}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

}  // namespace dmf
