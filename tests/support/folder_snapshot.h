#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tests/support/temporary_folder.h"

namespace dmf {

/// What a folder holds: every path below it, with a file's bytes, a link's target, or "folder".
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    all[name] = entry.is_symlink()     ? "link to " + read_symlink(entry.path()).string()
                : entry.is_directory() ? "folder"
                                       : "file " + read_text(entry.path());
  }
  return all;
}

}  // namespace dmf
