#include "apps/files/written_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "engine/core/check.h"
#include "engine/io/atomic_file.h"
#include "engine/io/file_descriptor.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::uintmax_t kLargest = std::uintmax_t{1} << 40;
constexpr std::string_view kStart = R"({"file":)";  // of every line but the first

/// One line of JSON. Bytes of a name that are no UTF-8 become U+FFFD, here and where it is read.
std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A name as the list holds it.
fs::path listed(const fs::path& name) {
  return Json::parse(json_line(name.lexically_normal().generic_string())).get<std::string>();
}

std::string header_of(const std::string& program) {
  return json_line({{"written_by", program}}) + "\n";
}

/// What a full disk or a power cut leaves of a line.
bool is_torn(std::string_view line) {
  return line.substr(0, kStart.size()) == kStart.substr(0, std::min(line.size(), kStart.size()));
}

void flush_folder(const fs::path& folder) {
  const FileDescriptor directory(folder, O_RDONLY | O_DIRECTORY);
  ::fsync(directory.get());  // some file systems cannot; what is in it has happened
}

}  // namespace

void write_through(const fs::path& temporary, const fs::path& target, std::string_view content) {
  ::unlink(temporary.c_str());
  try {
    const FileDescriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, target);
    file.write(content);
    file.flush();
    DMF_CHECK(::rename(temporary.c_str(), target.c_str()) == 0, IoError,
              "[file] cannot write {}: {}.", target.string(), std::strerror(errno));
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  flush_folder(target.has_parent_path() ? target.parent_path() : ".");
}

WrittenFiles::WrittenFiles(std::string program, fs::path folder)
    : program_(std::move(program)), folder_(std::move(folder)) {
  const fs::path list = path();
  struct stat status {};
  if (::lstat(list.c_str(), &status) != 0) return;
  const auto refuse = [&] {
    throw IoError(
        fmt::format("[outputs] {} is not the list that {} keeps of the files it wrote: "
                    "move it away.",
                    list.string(), program_));
  };
  if (!S_ISREG(status.st_mode)) refuse();
  const std::string content = read_file(list, kLargest), header = header_of(program_);
  std::string_view rest = content;
  if (!rest.starts_with(header)) refuse();
  rest.remove_prefix(header.size());
  exists_ = true;
  torn_ = !rest.empty() && rest.back() != '\n';
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const Json json = Json::parse(line, nullptr, false);
    const bool sound = json.is_object() && json.contains("file") && json["file"].is_string() &&
                       json.contains("hash") && json["hash"].is_string();
    if (!sound && !is_torn(line)) refuse();
    if (sound) hashes_[json["file"].get<std::string>()].insert(json["hash"].get<std::string>());
  }
}

fs::path WrittenFiles::path() const {
  return folder_ / (".dmf-" + program_ + ".jsonl");
}

bool WrittenFiles::names(const fs::path& name) const {
  return hashes_.contains(listed(name));
}

bool WrittenFiles::holds(const fs::path& name) const {
  const auto known = hashes_.find(listed(name));
  struct stat status {};
  if (known == hashes_.end() || ::lstat((folder_ / name).c_str(), &status) != 0) return false;
  return S_ISREG(status.st_mode) &&
         known->second.contains(hash_of(read_file(folder_ / name, kLargest)));
}

std::vector<fs::path> WrittenFiles::all() const {
  std::vector<fs::path> names;
  for (const auto& [name, hashes] : hashes_) names.push_back(name);
  return names;
}

fs::path WrittenFiles::temporary(const fs::path& name, const std::string& hash) const {
  // Named by what it holds: nobody else's file can have this name.
  const std::string id = hash_of(program_ + "\n" + listed(name).string() + "\n" + hash);
  return (folder_ / name).parent_path() / (".dmf-" + id + ".partial");
}

std::vector<fs::path> WrittenFiles::leftovers(const fs::path& name) const {
  std::vector<fs::path> files;
  const auto known = hashes_.find(listed(name));
  if (known == hashes_.end()) return files;
  for (const std::string& hash : known->second) files.push_back(temporary(name, hash));
  return files;
}

bool WrittenFiles::is_own(const fs::path& name) const {
  const std::string file = name.filename().string(), list = path().filename().string();
  if (name == path().filename()) return true;
  if (!file.starts_with(list + ".") || !file.ends_with(".partial")) return false;
  return header_of(program_).starts_with(read_file(folder_ / name, kLargest));
}

void WrittenFiles::create() {
  const fs::path temporary = fmt::format("{}.{}.partial", path().string(), ::getpid());
  {
    const FileDescriptor file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    file.write(header_of(program_));
    file.flush();
  }
  // A link does not replace the list that another process has made meanwhile; where there are no
  // links (FAT), a rename must do.
  const bool linked = ::link(temporary.c_str(), path().c_str()) == 0 || errno == EEXIST;
  const bool made = linked || ::rename(temporary.c_str(), path().c_str()) == 0;
  const std::string reason = std::strerror(errno);
  ::unlink(temporary.c_str());
  DMF_CHECK(made, IoError, "[file] cannot write {}: {}.", path().string(), reason);
  flush_folder(folder_);
  exists_ = true;
}

void WrittenFiles::add(const std::vector<std::pair<fs::path, std::string>>& files) {
  std::string lines;
  for (const auto& [name, hash] : files) {
    if (!hashes_[listed(name)].insert(hash).second) continue;
    lines += json_line({{"file", name.lexically_normal().generic_string()}, {"hash", hash}}) + "\n";
  }
  if (lines.empty()) return;
  if (!exists_) create();
  const FileDescriptor list(path(), O_WRONLY | O_APPEND | O_NOFOLLOW);
  list.write((torn_ ? "\n" : "") + lines);
  torn_ = false;
  list.flush();
}

}  // namespace dmf
