#include "apps/data/files.h"

#include <algorithm>
#include <cctype>

#include "engine/core/check.h"

namespace dmf {

namespace fs = std::filesystem;

bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  const auto digit = [](const std::string& s, std::size_t k) {
    return k < s.size() && std::isdigit(static_cast<unsigned char>(s[k])) != 0;
  };
  while (i < a.size() && j < b.size()) {
    if (digit(a, i) && digit(b, j)) {
      const auto number = [&](const std::string& s, std::size_t& k) {
        while (digit(s, k) && s[k] == '0') ++k;
        std::string digits;
        while (digit(s, k)) digits += s[k++];
        return digits;
      };
      const std::string x = number(a, i), y = number(b, j);
      if (x.size() != y.size()) return x.size() < y.size();
      if (x != y) return x < y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j];
      ++i;
      ++j;
    }
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;  // equal but for leading zeros
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  DMF_CHECK(!error, IoError, "[files] cannot make the folder {}: {}.", folder.string(),
            error.message());
}

std::vector<fs::path> files_of(const std::vector<std::string>& inputs, int levels,
                               const std::function<bool(const fs::path&)>& wanted,
                               const std::string& what) {
  std::vector<fs::path> files;
  for (const std::string& input : inputs) {
    if (!fs::is_directory(input)) {
      files.emplace_back(input);
      continue;
    }
    std::vector<fs::path> inside;
    for (auto entry = fs::recursive_directory_iterator(input); entry != fs::end(entry); ++entry) {
      if (entry.depth() + 1 >= levels) entry.disable_recursion_pending();
      if (entry->is_regular_file() && !entry->is_symlink() && wanted(entry->path()))
        inside.push_back(entry->path());
    }
    DMF_CHECK(!inside.empty(), IoError, "[files] the folder {} has no {}.", input, what);
    std::sort(inside.begin(), inside.end(), [](const fs::path& a, const fs::path& b) {
      return natural_less(a.string(), b.string());
    });
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

}  // namespace dmf
