#include "apps/files/output_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "apps/support/common_options.h"
#include "engine/core/check.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;
using FileId = std::pair<std::uintmax_t, std::uintmax_t>;  // device and inode

/// What two spellings of one path have in common; its last part is not followed.
fs::path identity(const fs::path& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  const fs::path folder = fs::weakly_canonical(whole.parent_path(), error);
  return (error ? whole.parent_path() : folder) / whole.filename();
}

void make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  DMF_CHECK(!error, IoError, "[outputs] cannot make the folder {}: {}.", folder.string(),
            error.message());
}

enum class Found { nothing, folder, other };

/// What has this name; a link is not followed.
Found found(const fs::path& path, struct stat& status) {
  if (::lstat(path.c_str(), &status) == 0) {
    return S_ISDIR(status.st_mode) ? Found::folder : Found::other;
  }
  DMF_CHECK(errno == ENOENT || errno == ENOTDIR, IoError, "[outputs] cannot look at {}: {}.",
            path.string(), std::strerror(errno));
  return Found::nothing;
}

}  // namespace

void OutputFiles::Problem::add(const fs::path& file) {
  if (files++ == 0) first = file;
}

std::string OutputFiles::Problem::text() const {
  return files == 1 ? first.string() : fmt::format("{} and {} more", first.string(), files - 1);
}

OutputFiles::OutputFiles(OutputRules rules) : rules_(std::move(rules)) {}

WrittenFiles& OutputFiles::list(const fs::path& root) {
  return lists_.try_emplace(root, rules_.program, root).first->second;
}

void OutputFiles::plan(const fs::path& root, const fs::path& name) {
  DMF_CHECK(!list(root).is_own(name), ValueError,
            "[outputs] {} is where {} keeps its list of files: give another {}.",
            (root / name).string(), rules_.program, rules_.option);
  const auto [other, is_new] = places_.emplace(identity(root / name), Place{root, name});
  DMF_CHECK(is_new, ValueError, "[outputs] {} would be written twice: give another {}.",
            (root / name).string(), rules_.option);
}

void OutputFiles::plan(const fs::path& file) {
  plan(file.has_parent_path() ? file.parent_path() : ".", file.filename());
}

void OutputFiles::drop_former(const fs::path& root) {
  dropped_.push_back(root);
}

void OutputFiles::plan_whole(const fs::path& root) {
  wholes_.push_back(root);
}

/// Notes what stands in the way of one planned file.
void OutputFiles::look(const Place& place, const std::set<FileId>& inputs) {
  struct stat status {};
  fs::path folder = place.root;
  for (const fs::path& part : place.name.parent_path()) {
    folder /= part;
    const Found what = found(folder, status);
    if (what == Found::nothing) return;
    if (what == Found::other) {
      existing_.add(folder);
      return foreign_.add(folder);
    }
  }
  const fs::path file = place.root / place.name;
  if (found(file, status) == Found::nothing) return;
  existing_.add(file);
  struct stat target {};
  if (::stat(file.c_str(), &target) == 0 && inputs.contains({target.st_dev, target.st_ino})) {
    input_.add(file);
  }
  // Reading all that is there can take long: without --overwrite one is enough for the advice.
  if (!rules_.overwrite && foreign_.files > 0) return;
  if (!list(place.root).holds(place.name)) foreign_.add(file);
}

/// Notes what is in a root beside the planned files.
void OutputFiles::look_for_others(const fs::path& root) {
  std::error_code error;
  const WrittenFiles& own = list(root);
  std::set<fs::path> leftovers;
  for (const fs::path& name : own.all()) {
    for (const fs::path& file : own.leftovers(name)) leftovers.insert(file);
  }
  for (auto entry = fs::recursive_directory_iterator(root, error);
       !error && entry != fs::end(entry); entry.increment(error)) {
    if (entry->is_directory() && !entry->is_symlink()) continue;
    const fs::path name = entry->path().lexically_relative(root);
    if (own.is_own(name) || places_.contains(identity(entry->path()))) continue;
    if (leftovers.contains(entry->path())) {
      stale_.push_back(entry->path());
      continue;
    }
    existing_.add(entry->path());
    if (own.holds(name)) {
      stale_.push_back(entry->path());
    } else {
      foreign_.add(entry->path());
    }
  }
  DMF_CHECK(!error, IoError, "[outputs] cannot read the folder {}: {}.", root.string(),
            error.message());
}

void OutputFiles::begin() {
  struct stat status {};
  std::set<FileId> inputs;
  for (const fs::path& input : rules_.inputs) {
    if (::stat(input.c_str(), &status) == 0) inputs.insert({status.st_dev, status.st_ino});
  }
  for (const auto& [root, files] : lists_) {
    std::error_code error;
    DMF_CHECK(fs::is_directory(root, error) || found(root, status) == Found::nothing, IoError,
              "[outputs] {} is not a folder: give another {}.", root.string(), rules_.option);
  }
  for (const auto& [id, place] : places_) look(place, inputs);
  for (const fs::path& root : wholes_) {
    if (found(root, status) != Found::nothing) look_for_others(root);
  }
  DMF_CHECK(input_.files == 0, IoError,
            "[outputs] {}: an input would be replaced, which no option allows. Give another {}.",
            input_.text(), rules_.option);
  DMF_CHECK(foreign_.files == 0, IoError,
            "[outputs] {}: already there, and not as {} wrote it: it is replaced with no option. "
            "Give another {}.",
            (rules_.overwrite ? foreign_ : existing_).text(), rules_.program, rules_.option);
  DMF_CHECK(existing_.files == 0 || rules_.overwrite, IoError,
            "[outputs] {}: already there, from an earlier {}. Give another {}, or --overwrite.",
            existing_.text(), rules_.program, rules_.option);
  if (is_dry_run()) return;
  for (const auto& [id, place] : places_) {
    for (const fs::path& file : list(place.root).leftovers(place.name)) stale_.push_back(file);
  }
  for (const fs::path& root : dropped_) {
    for (const fs::path& name : list(root).all()) {
      const bool stays = places_.contains(identity(root / name)) || !rules_.overwrite;
      if (!stays && list(root).holds(name)) stale_.push_back(root / name);
    }
  }
  std::error_code ignored;  // what cannot be removed is not in the way
  for (const fs::path& file : stale_) fs::remove(file, ignored);
  for (const auto& [root, files] : lists_) make_folders(root);
}

void OutputFiles::write(const std::vector<std::pair<fs::path, std::string>>& files) {
  std::vector<std::pair<Place, std::string>> todo;  // and hashes
  for (const auto& [file, content] : files) {
    todo.emplace_back(places_.at(identity(file)), hash_of(content));
  }
  WrittenFiles* own = nullptr;
  {
    const std::lock_guard lock(mutex_);
    own = &list(todo.front().first.root);
    std::vector<std::pair<fs::path, std::string>> names;
    for (const auto& [place, hash] : todo) {
      struct stat status {};
      DMF_CHECK(found(place.root / place.name, status) == Found::nothing || own->holds(place.name),
                IoError, "[outputs] {} has appeared while {} ran: it is not replaced.",
                (place.root / place.name).string(), rules_.program);
      names.emplace_back(place.name, hash);
    }
    own->add(names);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& [place, hash] = todo[i];
    const fs::path target = place.root / place.name;
    make_folders(target.parent_path());
    write_through(own->temporary(place.name, hash), target, files[i].second);
  }
}

void OutputFiles::write(const fs::path& file, std::string content) {
  write({{file, std::move(content)}});
}

void OutputFiles::write_all(const fs::path& root, std::map<fs::path, std::string> files) {
  for (const auto& [name, unused] : files) plan(root, name);
  drop_former(root);
  begin();
  for (auto& [name, content] : files) write(root / name, std::move(content));
}

}  // namespace dmf
