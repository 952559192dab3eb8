#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "apps/data/layouts/layout.h"
#include "apps/support/text.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

struct Match {
  const Layout* layout;
  Folder folder;
};

/// The layout that a folder has, if any.
const Layout* layout_of(const Folder& folder, const DatasetOptions& options) {
  std::vector<const Layout*> fitting;
  std::vector<std::string> names;
  for (const Layout* layout : layouts()) {
    if (!layout->fits(folder, options)) continue;
    fitting.push_back(layout);
    names.push_back(fmt::format("'{}' ({})", layout->name, layout->expected));
  }
  DMF_CHECK(fitting.size() <= 1, IoError,
            "[data] {} can be read in {} ways, as {}: move what is not wanted into another folder, "
            "or say with --mask-names which files are masks. It holds {}.",
            folder.path.string(), fitting.size(), fmt::join(names, " and as "),
            describe_contents(folder.path));
  return fitting.empty() ? nullptr : fitting.front();
}

void describe_into(const fs::path& path, const std::string& name, int levels,
                   std::vector<std::string>& parts) {
  const Folder folder = list_folder(path);
  std::map<std::string, std::size_t> kinds;
  for (const fs::path& file : folder.files) ++kinds[lower_case(file.extension().string())];
  for (const UnusedFile& each : folder.unused) {
    if (each.path == path) parts.push_back(fmt::format("{} ({})", name, each.reason));
  }
  std::vector<std::string> counts;
  for (const auto& [kind, count] : kinds) {
    counts.push_back(
        fmt::format("{} {}", count, kind.empty() ? "without ending" : escaped_name(kind)));
  }
  if (!folder.unused.empty()) counts.push_back(fmt::format("{} left out", folder.unused.size()));
  if (!counts.empty()) parts.push_back(fmt::format("{} ({})", name, fmt::join(counts, ", ")));
  if (counts.empty() && folder.folders.empty()) parts.push_back(name + " (empty)");
  if (levels == 0) return;
  for (const fs::path& child : folder.folders) {
    const std::string own = escaped_name(child.filename().string());
    describe_into(child, name == "." ? own : name + "/" + own, levels - 1, parts);
  }
}

}  // namespace

std::span<const Layout* const> layouts() {
  static constexpr std::array kLayouts = {
#define DMF_LAYOUT(file) &file##_layout,
#include "apps/data/layouts/layouts.def"
#undef DMF_LAYOUT
  };
  return kLayouts;
}

std::string describe_contents(const fs::path& folder) {
  std::vector<std::string> parts;
  describe_into(folder, ".", 3, parts);
  return first_few(parts);
}

std::optional<Dataset> find_layout(const fs::path& folder, const DatasetOptions& options,
                                   int levels) {
  std::set<fs::path> seen;  // in truth: two links to one folder are one
  std::vector<fs::path> level = {folder};
  for (int depth = 0; depth <= levels; ++depth) {
    std::vector<Match> matches;
    std::vector<fs::path> next;
    for (const fs::path& path : level) {
      std::error_code error;
      if (!seen.insert(fs::canonical(path, error)).second) continue;
      Folder each = list_folder(path);
      if (const Layout* layout = layout_of(each, options)) {
        matches.push_back({layout, std::move(each)});
      } else {
        next.insert(next.end(), each.folders.begin(), each.folders.end());
      }
    }
    if (matches.size() > 1) {
      std::vector<std::string> names;
      for (const Match& match : matches) names.push_back(match.folder.path.string());
      throw IoError(fmt::format("[data] found {} data sets in {}: {}. Give one of them.",
                                matches.size(), folder.string(), first_few(names)));
    }
    if (!matches.empty()) {
      Dataset dataset = matches.front().layout->read(matches.front().folder, options);
      if (dataset.layout.empty()) dataset.layout = matches.front().layout->name;
      dataset.root = matches.front().folder.path;
      return dataset;
    }
    level = std::move(next);
  }
  return std::nullopt;
}

void add_inside(Dataset& outer, Dataset inner, const std::string& folder,
                const std::string& image_class, const std::string& part) {
  for (DatasetItem& item : inner.items) {
    if (!folder.empty()) item.id = folder + "/" + item.id;
    if (!image_class.empty()) item.image_class = image_class;
    if (!part.empty()) item.part = part;
    outer.items.push_back(std::move(item));
  }
  for (const std::string& note : inner.notes) {
    outer.notes.push_back(folder.empty() ? note
                                         : fmt::format("{}: {}", escaped_name(folder), note));
  }
  outer.unused.insert(outer.unused.end(), inner.unused.begin(), inner.unused.end());
}

}  // namespace dmf
