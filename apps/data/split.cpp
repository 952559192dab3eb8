#include "apps/data/split.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "apps/data/csv.h"
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

/// The item that each row of a table names, no item twice. A row may give the whole id or only
/// the file's name, with or without its extension.
std::vector<std::size_t> items_of(const CsvTable& table, const std::string& column,
                                  const SampleSet& samples) {
  table.column(column);  // even of a table without rows
  std::map<std::string, std::size_t> by_id, by_name;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::filesystem::path image = samples.item(i).image;
    by_id[samples.item(i).id] = i;
    by_name[image.stem().string()] = by_name[image.filename().string()] = i;
  }
  std::vector<std::size_t> items;
  std::vector<bool> placed(samples.size());
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& id = table.text(row, column);
    const auto& names = by_id.contains(id) ? by_id : by_name;
    const auto found = names.find(id);
    DMF_CHECK(found != names.end(), IoError, "[split] {} row {}: the data set has no image '{}'.",
              table.name, row + 1, id);
    DMF_CHECK(!placed[found->second], IoError, "[split] {} row {}: '{}' is given twice.",
              table.name, row + 1, id);
    placed[found->second] = true;
    items.push_back(found->second);
  }
  return items;
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

/// throws  IoError naming an item of the data set that is not among these
void require_all(const std::vector<std::size_t>& items, const SampleSet& samples,
                 const std::string& file) {
  std::vector<bool> placed(samples.size());
  for (const std::size_t i : items) placed[i] = true;
  const auto missing = std::find(placed.begin(), placed.end(), false);
  DMF_CHECK(missing == placed.end(), IoError, "[split] {} does not place the image '{}'.", file,
            samples.item(static_cast<std::size_t>(missing - placed.begin())).id);
}

/// The column that has one of these names, in any case.
std::string one_column(const CsvTable& table, const std::set<std::string>& names) {
  for (const std::string& column : table.columns) {
    std::string lower = column;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (names.contains(lower)) return column;
  }
  throw IoError(fmt::format("[split] {} has no column named {}: it has {}.", table.name,
                            fmt::join(names, " or "), fmt::join(table.columns, ", ")));
}

}  // namespace

Split split_by_seed(const std::vector<std::size_t>& groups, std::uint64_t seed) {
  const std::vector<std::vector<std::size_t>> order = shuffled_groups(groups, seed);
  DMF_CHECK(order.size() >= 3, ValueError,
            "[split] {} images in {} group{}: expected at least 3 groups, one for each part.",
            groups.size(), order.size(), order.size() == 1 ? "" : "s");
  const auto n = static_cast<double>(groups.size());
  const auto held_out = std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(0.15 * n)));
  Split split;
  const std::size_t train = groups.size() - 2 * held_out;
  const auto place = [](std::vector<std::size_t>& part, const std::vector<std::size_t>& items) {
    part.insert(part.end(), items.begin(), items.end());
  };
  for (const std::vector<std::size_t>& items : order) {
    // To the part that lacks the largest share of its size.
    const double lacking[3] = {
        1.0 - static_cast<double>(split.train.size()) / static_cast<double>(train),
        1.0 - static_cast<double>(split.validation.size()) / static_cast<double>(held_out),
        1.0 - static_cast<double>(split.test.size()) / static_cast<double>(held_out)};
    const auto most = std::max_element(lacking, lacking + 3) - lacking;
    place(most == 0 ? split.train : most == 1 ? split.validation : split.test, items);
  }
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
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

Split split_by_fold(const std::vector<std::size_t>& fold_of, int fold) {
  const std::size_t folds = *std::max_element(fold_of.begin(), fold_of.end()) + 1;
  DMF_CHECK(folds >= 3 && fold >= 1 && static_cast<std::size_t>(fold) <= folds, ValueError,
            "[split] fold {} of {}: expected 1 to the number of folds, and at least 3 of them.",
            fold, folds);
  const auto test = static_cast<std::size_t>(fold - 1), validation = (test + 1) % folds;
  Split split;
  for (std::size_t i = 0; i < fold_of.size(); ++i) {
    auto& part = fold_of[i] == test         ? split.test
                 : fold_of[i] == validation ? split.validation
                                            : split.train;
    part.push_back(i);
  }
  DMF_CHECK(!split.train.empty() && !split.validation.empty() && !split.test.empty(), ValueError,
            "[split] fold {} leaves a part empty: {} train, {} validation, {} test.", fold,
            split.train.size(), split.validation.size(), split.test.size());
  return split;
}

std::vector<std::size_t> parse_folds(const CsvTable& table, const SampleSet& samples) {
  const std::string id = one_column(table, {"id", "image", "image_id", "filename", "name"});
  const std::string fold = one_column(table, {"fold", "kfold", "k-fold", "k_fold"});
  const std::vector<std::size_t> items = items_of(table, id, samples);
  require_all(items, samples, table.name);
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
  std::string text = "id,part\n";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    text += fmt::format("{},{}\n", csv_cell(samples.item(i).id), part_of[i]);
  }
  return text;
}

Split parse_split(const CsvTable& all, const SampleSet& samples, DataChange change) {
  const CsvTable table = change == DataChange::allowed ? rows_present(all, samples) : all;
  const std::vector<std::size_t> items = items_of(table, "id", samples);
  Split split;
  for (std::size_t row = 0; row < items.size(); ++row) {
    const std::string& part = table.text(row, "part");
    DMF_CHECK(part == "train" || part == "validation" || part == "test", IoError,
              "[split] {} row {}: part '{}': expected train, validation or test.", table.name,
              row + 1, part);
    (part == "train"        ? split.train
     : part == "validation" ? split.validation
                            : split.test)
        .push_back(items[row]);
  }
  if (change == DataChange::refused) require_all(items, samples, table.name);
  DMF_CHECK(!split.train.empty() && !split.validation.empty() && !split.test.empty(), IoError,
            "[split] {} leaves a part empty: {} train, {} validation, {} test.", table.name,
            split.train.size(), split.validation.size(), split.test.size());
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

}  // namespace dmf
