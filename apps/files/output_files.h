#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "apps/files/written_files.h"

namespace dmf {

/// Who writes, and what may be replaced.
struct OutputRules {
  std::string program;                        // in the list of its files and in messages
  bool overwrite = false;                     // --overwrite was given
  std::string option = "--out";               // that says where to write, for the advice
  std::vector<std::filesystem::path> inputs;  // files this run reads
};

/// The files that a run of a program will write, named before the first of them is written: every
/// program writes through this, so that none replaces what it did not make.
///
/// What is there already is replaced only with --overwrite, and only where an earlier run of the
/// same program wrote it and nobody has changed it since (see WrittenFiles). An input is never
/// replaced, under whatever name or link it is reached. Links are not followed: one in an output's
/// place is somebody else's file, one in the place of a folder below the root too.
///
/// The list is kept beside single files too (evaluate --json), hidden, where a mark in the file
/// would do for some formats: a mark does not tell that a file was edited, and CSV has none.
class OutputFiles {
 public:
  explicit OutputFiles(OutputRules rules);

  /// One file to be written, ROOT/NAME; the list is kept in the root.
  ///
  /// throws  ValueError where two are one file
  void plan(const std::filesystem::path& root, const std::filesystem::path& name);
  /// One file whose root is the folder it lies in.
  void plan(const std::filesystem::path& file);
  /// With --overwrite, what an earlier run wrote into the root beyond the planned files, and nobody
  /// changed since, goes.
  void drop_former(const std::filesystem::path& root);
  /// The planned files are all that belongs into the root: with anything else in it the run is
  /// refused, and with --overwrite what an earlier run wrote beyond them goes.
  void plan_whole(const std::filesystem::path& root);

  /// Refuses, or makes the roots and lets the writing begin. Nothing is changed before all was
  /// looked at; nothing at all in a dry run, which the program has to end before it writes.
  ///
  /// throws  IoError naming the first file that must not be replaced, how many there are and what
  ///         to do
  void begin();

  /// Writes planned files of one root; each appears whole or not at all. Threads may call it.
  ///
  /// files   ROOT/NAME as planned, and what it holds
  /// throws  IoError when that fails, or when a file has appeared there since begin()
  void write(const std::vector<std::pair<std::filesystem::path, std::string>>& files);
  void write(const std::filesystem::path& file, std::string content);

  /// Plans and writes what is all of a program's files below a root, by their names there; with
  /// --overwrite what an earlier run wrote beyond them goes.
  ///
  /// throws  as plan(), begin() and write()
  void write_all(const std::filesystem::path& root,
                 std::map<std::filesystem::path, std::string> files);

 private:
  struct Place {
    std::filesystem::path root, name;
  };
  struct Problem {
    std::filesystem::path first;
    std::size_t files = 0;
    void add(const std::filesystem::path& file);
    std::string text() const;
  };

  WrittenFiles& list(const std::filesystem::path& root);
  void look(const Place& place, const std::set<std::pair<std::uintmax_t, std::uintmax_t>>& inputs);
  void look_for_others(const std::filesystem::path& root);

  OutputRules rules_;
  std::map<std::filesystem::path, Place> places_;  // by the path that tells whether two are one
  std::map<std::filesystem::path, WrittenFiles> lists_;  // by root
  std::vector<std::filesystem::path> wholes_, dropped_;  // roots
  Problem input_, foreign_, existing_;
  std::vector<std::filesystem::path> stale_;
  std::mutex mutex_;
};

}  // namespace dmf
