#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dmf {

/// What a program wrote into a folder and below it: names and hashes, kept in that folder as
/// .dmf-PROGRAM.jsonl, a line a file. So a later run of the program can tell its own files from a
/// person's, and from its own that a person has changed since.
///
/// A line is on the disk before the file that it is about has its name, and lines are only ever
/// added: a program that is killed at any moment leaves no file of its own that is not listed, and
/// two that write different files into one folder at the same time lose no line of each other's.
class WrittenFiles {
 public:
  /// Reads the list, if there is one.
  ///
  /// throws  IoError where a file of that name is there that is no such list, or cannot be read
  WrittenFiles(std::string program, std::filesystem::path folder);

  /// Where the list is, in the folder.
  std::filesystem::path path() const;
  /// True where the program once wrote a file of this name, whatever became of it.
  ///
  /// name  relative to the folder, as in all of these
  bool names(const std::filesystem::path& name) const;
  /// True where a file of this name is there and holds to the byte what the program once wrote.
  /// A link is not what it wrote.
  bool holds(const std::filesystem::path& name) const;
  /// Every name listed.
  std::vector<std::filesystem::path> all() const;
  /// The files beside `name` in which a run that was killed may have left a part of it: what
  /// temporary() says of each hash listed.
  std::vector<std::filesystem::path> leftovers(const std::filesystem::path& name) const;
  /// The file in the folder of `name` that takes its content before it gets its name.
  std::filesystem::path temporary(const std::filesystem::path& name, const std::string& hash) const;

  /// True for the list itself, and for what a run that was killed while it made it left of it.
  bool is_own(const std::filesystem::path& name) const;

  /// Adds files and their hashes; returns once they are on the disk. The folder must exist.
  ///
  /// throws  IoError when that cannot be written
  void add(const std::vector<std::pair<std::filesystem::path, std::string>>& files);

 private:
  void create();

  std::string program_;
  std::filesystem::path folder_;
  std::map<std::filesystem::path, std::set<std::string>> hashes_;  // of every name
  bool exists_ = false, torn_ = false;                             // torn: its last line has no end
};

/// Writes a file that must not be there yet beside its target, flushes it to the disk and gives it
/// the target's name, replacing what has that name. A temporary file of the same name is what a
/// killed run left, and goes.
///
/// throws  IoError with the path and the system's reason
void write_through(const std::filesystem::path& temporary, const std::filesystem::path& target,
                   std::string_view content);

}  // namespace dmf
