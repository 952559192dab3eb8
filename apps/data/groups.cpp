#include "apps/data/groups.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <regex>

#include "apps/data/item_table.h"
#include "apps/data/layouts/layout.h"
#include "apps/data/layouts/name_keys.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// The id without its last number or letter: what images of one patient would share. Empty where
/// nothing in it numbers patients.
std::string patient_in(const std::string& id) {
  std::string patient;
  const std::filesystem::path path(id);
  for (const auto& folder : path.parent_path()) {
    const std::string name = folder.string();
    if (part_named(name).empty()) patient += name + "/";
  }
  std::vector<std::string> words = words_of(text_key(path.filename().string()));
  const bool is_counted =
      !words.empty() && (words.back().size() == 1 || !numbers_in(words.back()).empty() ||
                         words.back() == "left" || words.back() == "right");
  if (is_counted) words.pop_back();
  patient += fmt::format("{}", fmt::join(words, "_"));
  return is_counted && !numbers_in(patient).empty() ? patient : "";
}

}  // namespace

std::vector<std::size_t> groups_from_table(const CsvTable& table,
                                           const std::vector<DatasetItem>& items) {
  const std::string image = one_column(table, kImageColumns);
  const std::string group =
      one_column(table, {"group", "patient", "patient_id", "patientid", "subject", "case"});
  const std::vector<std::size_t> file_of = groups_of_files(items);
  std::vector<DatasetItem> files;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (file_of[i] != files.size()) continue;
    DatasetItem& file = files.emplace_back();
    file.id = items[i].id;
    file.anonymised_from = items[i].anonymised_from;
    file.image = items[i].image;
  }
  const std::vector<std::size_t> rows = items_of(table, image, files);
  require_all(rows, files, table.name);
  std::vector<std::string> of_file(files.size()), names;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    of_file[rows[row]] = table.text(row, group);
    DMF_CHECK(!of_file[rows[row]].empty(), IoError, "[groups] {} row {}: no {} is given for '{}'.",
              table.name, row + 1, group, files[rows[row]].id);
  }
  for (const std::size_t file : file_of) names.push_back(of_file[file]);
  return groups_by_name(names);
}

std::vector<std::size_t> groups_by_pattern(const std::string& pattern,
                                           const std::vector<DatasetItem>& items) {
  std::regex expression;
  try {
    expression.assign(pattern);
  } catch (const std::regex_error& error) {
    throw ValueError(fmt::format("[groups] --group-by '{}' is no regular expression: {}.", pattern,
                                 error.what()));
  }
  std::vector<std::string> names;
  for (const DatasetItem& item : items) {
    std::smatch match;
    DMF_CHECK(std::regex_search(item.own_name(), match, expression) && !match.str().empty(),
              IoError, "[groups] --group-by '{}' finds nothing in the image '{}'.", pattern,
              item.own_name());
    names.push_back(match.size() > 1 && match[1].matched ? match.str(1) : match.str());
  }
  return groups_by_name(names);
}

std::vector<std::size_t> groups_by_name(const std::vector<std::string>& names) {
  std::map<std::string, std::size_t> numbers;
  std::vector<std::size_t> groups;
  std::size_t next = 0;
  for (const std::string& name : names) {
    groups.push_back(name.empty() ? next : numbers.emplace(name, next).first->second);
    if (groups.back() == next) ++next;
  }
  return groups;
}

std::vector<std::size_t> groups_of_files(const std::vector<DatasetItem>& items) {
  std::vector<std::string> files;
  for (const DatasetItem& item : items) files.push_back(item.image.string());
  return groups_by_name(files);
}

std::vector<std::size_t> united_groups(const std::vector<std::size_t>& a,
                                       const std::vector<std::size_t>& b) {
  std::vector<std::size_t> parent(a.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (const auto* groups : {&a, &b}) {
    std::map<std::size_t, std::size_t> first;
    for (std::size_t i = 0; i < groups->size(); ++i) {
      const std::size_t x = root(i), y = root(first.emplace((*groups)[i], i).first->second);
      parent[std::max(x, y)] = std::min(x, y);
    }
  }
  for (std::size_t i = 0; i < parent.size(); ++i) parent[i] = root(i);
  return parent;
}

std::string warn_several_per_patient(const std::vector<std::string>& names) {
  std::map<std::string, std::vector<std::string>> patients;
  for (const std::string& name : names) {
    const std::string patient = patient_in(name);
    if (!patient.empty()) patients[patient].push_back(name);
  }
  std::size_t images = 0, several = 0;
  std::vector<std::string> example;
  for (const auto& [patient, ids] : patients) {
    if (ids.size() < 2) continue;
    images += ids.size();
    if (several++ == 0) example = ids;
  }
  // One group is a prefix that all share, as a year.
  if (several < 2) return "";
  return fmt::format(
      "warning: {} images look like several each of {} patients (as {}): --groups FILE.csv or "
      "--group-by '(.*)[-_ ]' keeps a patient's images on one side",
      images, several, first_few(example));
}

}  // namespace dmf
