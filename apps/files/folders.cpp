#include "apps/files/folders.h"

#include <algorithm>
#include <map>

#include "engine/core/check.h"

namespace dmf {

namespace fs = std::filesystem;

namespace {

/// Why a name is never data, or nothing.
std::string system_reason(const std::string& name) {
  if (name.starts_with("._")) return "is a leftover of macOS (AppleDouble)";
  if (lower_case(name) == "__macosx") return "is a leftover of macOS";
  if (name.starts_with(".")) return "is hidden";
  const std::string lower = lower_case(name);
  if (lower == "thumbs.db" || lower == "ehthumbs.db" || lower == "desktop.ini") {
    return "is the system's";
  }
  return "";
}

/// True where a link to `target` leads back to one of the folders that `folder` lies in, on the way
/// it was come by or in truth.
bool leads_back(const fs::path& target, const fs::path& folder) {
  std::error_code error;
  const fs::path goal = fs::canonical(target, error);
  const auto is_above = [&](fs::path inner) {
    for (; !inner.empty(); inner = inner.parent_path()) {
      if (inner == goal) return true;
      if (inner == inner.parent_path()) return false;
    }
    return false;
  };
  for (fs::path way = fs::absolute(folder, error); !way.empty(); way = way.parent_path()) {
    if (is_above(fs::canonical(way, error))) return true;
    if (way == way.parent_path()) return false;
  }
  return false;
}

bool by_name(const fs::path& a, const fs::path& b) {
  return natural_less(a.filename().string(), b.filename().string());
}

}  // namespace

Folder list_folder(const fs::path& path) {
  Folder folder{path, {}, {}, {}};
  std::error_code error;
  fs::directory_iterator entry(path, error);
  while (!error && entry != fs::directory_iterator()) {
    const fs::path& each = entry->path();
    std::error_code unknown;
    const fs::file_status status = fs::status(each, unknown);
    const std::string name = each.filename().string();
    if (name.starts_with(".dmf-")) {  // our own list of what a program wrote there
      entry.increment(error);
      continue;
    }
    const std::string system = system_reason(name);
    const bool is_link = entry->is_symlink(unknown);
    if (!system.empty()) {
      folder.unused.push_back({each, system, LeftOut::hidden});
    } else if (fs::is_regular_file(status)) {
      folder.files.push_back(each);
    } else if (fs::is_directory(status) && is_link && leads_back(each, path)) {
      folder.unused.push_back(
          {each, "is a link back to a folder that it lies in", LeftOut::link_back});
    } else if (fs::is_directory(status)) {
      folder.folders.push_back(each);
    } else {
      folder.unused.push_back({each,
                               is_link ? "is a link that leads nowhere" : "is no ordinary file",
                               is_link ? LeftOut::dead_link : LeftOut::not_ordinary});
    }
    entry.increment(error);
  }
  if (error)
    folder.unused.push_back({path, "cannot be read: " + error.message(), LeftOut::unreadable});
  std::sort(folder.folders.begin(), folder.folders.end(), by_name);
  std::sort(folder.files.begin(), folder.files.end(), by_name);
  std::sort(folder.unused.begin(), folder.unused.end(),
            [](const UnusedFile& a, const UnusedFile& b) { return by_name(a.path, b.path); });
  return folder;
}

std::string describe_unused(const std::vector<UnusedFile>& unused) {
  if (unused.empty()) return "";
  std::map<std::string, std::vector<std::string>> names;
  for (const UnusedFile& each : unused) {
    names[each.reason].push_back(escaped_name(each.path.filename().string()));
  }
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons(names.begin(), names.end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  constexpr std::size_t kReasons = 6, kNames = 3;
  std::vector<std::string> parts;
  std::size_t others = 0;
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const auto& [reason, files] = reasons[i];
    if (i >= kReasons) {
      others += files.size();
      continue;
    }
    const std::vector<std::string> first(
        files.begin(), files.begin() + static_cast<std::ptrdiff_t>(std::min(kNames, files.size())));
    const std::string what = reason.starts_with("is ") ? reason.substr(3) : reason;
    parts.push_back(fmt::format("{}: {} ({}{})", what, files.size(), fmt::join(first, ", "),
                                files.size() > kNames ? ", ..." : ""));
  }
  if (others > 0) parts.push_back(fmt::format("{} for other reasons", others));
  return fmt::format("not used  {} file{} or folder{}: {}", unused.size(),
                     unused.size() == 1 ? "" : "s", unused.size() == 1 ? "" : "s",
                     fmt::join(parts, "; "));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  DMF_CHECK(!error, IoError, "[files] cannot make the folder {}: {}.", folder.string(),
            error.message());
}

std::string absolute_path(const std::string& path) {
  std::error_code error;  // where the working directory is gone
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  return error ? path : whole.string();
}

namespace {

void collect(const fs::path& path, int levels, const Refusal& refusal, FoundFiles& found) {
  const Folder folder = list_folder(path);
  found.unused.insert(found.unused.end(), folder.unused.begin(), folder.unused.end());
  for (const fs::path& file : folder.files) {
    if (std::string reason = refusal(file); reason.empty()) {
      found.files.push_back(file);
    } else {
      found.unused.push_back({file, std::move(reason)});
    }
  }
  for (const fs::path& inner : folder.folders) {
    if (levels > 1) {
      collect(inner, levels - 1, refusal, found);
    } else {
      found.unused.push_back({inner, "is a folder, not looked into"});
    }
  }
}

}  // namespace

FoundFiles files_below(const fs::path& folder, int levels, const Refusal& refusal) {
  FoundFiles found;
  collect(folder, levels, refusal, found);
  std::sort(found.files.begin(), found.files.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.string(), b.string());
  });
  return found;
}

FoundFiles files_of(const std::vector<std::string>& inputs, int levels, const Refusal& refusal,
                    const std::string& what) {
  FoundFiles all;
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::is_directory(input, error)) {
      all.files.emplace_back(input);
      continue;
    }
    const FoundFiles inside = files_below(input, levels, refusal);
    DMF_CHECK(!inside.files.empty(), IoError, "[files] the folder {} has no {}{}", input, what,
              inside.unused.empty() ? "." : ": " + describe_unused(inside.unused) + ".");
    all.files.insert(all.files.end(), inside.files.begin(), inside.files.end());
    all.unused.insert(all.unused.end(), inside.unused.begin(), inside.unused.end());
  }
  return all;
}

}  // namespace dmf
