#include "apps/data/item_table.h"

#include <algorithm>
#include <map>

#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSeveral = static_cast<std::size_t>(-1);
using Names = std::map<std::string, std::size_t>;

void add_name(Names& names, const std::string& name, std::size_t item) {
  const auto [known, is_new] = names.emplace(name, item);
  if (!is_new && known->second != item) known->second = kSeveral;
}

/// Everything that an image may be called but its id.
Names names_of(const std::vector<DatasetItem>& items) {
  Names names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::error_code error;
    const fs::path path = fs::absolute(items[i].image, error).lexically_normal();
    const std::string ending = escaped_name(path.extension().string());
    add_name(names, items[i].own_name(), i);
    add_name(names, items[i].own_name() + ending, i);
    std::string name;
    for (fs::path rest = path; rest.has_filename(); rest = rest.parent_path()) {
      const std::string own = escaped_name(rest.filename().string());
      name = name.empty() ? own : own + "/" + name;
      add_name(names, name, i);
      add_name(names, name.substr(0, name.size() - ending.size()), i);
    }
    add_name(names, "/" + name, i);
  }
  return names;
}

}  // namespace

const std::set<std::string> kImageColumns = {"id", "image", "image_id", "filename", "file", "name"};

std::vector<std::size_t> items_of(const CsvTable& table, const std::string& column,
                                  const std::vector<DatasetItem>& items) {
  table.column(column);  // even of a table without rows
  Names by_id;
  for (std::size_t i = 0; i < items.size(); ++i) by_id[items[i].id] = i;
  const Names by_name = names_of(items);
  std::vector<std::size_t> rows;
  std::vector<bool> placed(items.size());
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& text = table.text(row, column);
    std::string plain = text;
    std::replace(plain.begin(), plain.end(), '\\', '/');
    while (plain.starts_with("./")) plain.erase(0, 2);
    auto found = by_id.find(text);
    if (found == by_id.end()) {
      for (const std::string& name : {text, plain, escaped_name(text)}) {
        if (const auto named = by_name.find(name); named != by_name.end()) {
          DMF_CHECK(named->second != kSeveral, IoError,
                    "[split] {} row {}: several images are named '{}': give their ids, as '{}'.",
                    table.name, row + 1, escaped_name(text), items.front().own_name());
          found = by_id.find(items[named->second].id);
          break;
        }
      }
    }
    DMF_CHECK(found != by_id.end(), IoError, "[split] {} row {}: the data set has no image '{}'.",
              table.name, row + 1, escaped_name(text));
    DMF_CHECK(!placed[found->second], IoError, "[split] {} row {}: '{}' is given twice.",
              table.name, row + 1, escaped_name(text));
    placed[found->second] = true;
    rows.push_back(found->second);
  }
  return rows;
}

void require_all(const std::vector<std::size_t>& rows, const std::vector<DatasetItem>& items,
                 const std::string& file) {
  std::vector<bool> placed(items.size());
  for (const std::size_t i : rows) placed[i] = true;
  const auto missing = std::find(placed.begin(), placed.end(), false);
  DMF_CHECK(missing == placed.end(), IoError, "[split] {} does not place the image '{}'.", file,
            items[static_cast<std::size_t>(missing - placed.begin())].own_name());
}

std::string one_column(const CsvTable& table, const std::set<std::string>& names) {
  for (const std::string& column : table.columns) {
    if (names.contains(lower_case(column))) return column;
  }
  throw IoError(fmt::format("[split] {} has no column named {}: it has {}.", table.name,
                            fmt::join(names, " or "), fmt::join(table.columns, ", ")));
}

}  // namespace dmf
