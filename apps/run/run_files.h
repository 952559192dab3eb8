#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace dmf {

/// What train finds in the folder that it is to write to.
struct FolderContent {
  /// Files of a run, by what is in them: in the order in which they are to be removed, so that what
  /// is left at any moment is not taken for a run.
  std::vector<std::filesystem::path> run_files;
  /// Files that train did not write, or that were changed since, where it has to write.
  std::vector<std::filesystem::path> in_the_way;
  bool others = false;   // files that train neither wrote nor will
  bool trained = false;  // a training got somewhere: a step that was saved, weights or scores
};

/// about_to_write  files of the run to come: the same bytes in the folder are of the same command,
///                 stopped before it got to write run.json
FolderContent look_into(const std::filesystem::path& folder,
                        const std::map<std::string, std::string>& about_to_write);

/// Looks whether a run may be written to this folder, as far as its names tell.
///
/// throws  IoError for a file, and without overwrite for a folder that holds more than a training
///         left that ended before its first step was saved
void check_run_folder(const std::filesystem::path& folder, bool overwrite);

/// Makes the folder of a run free of the run that was there.
///
/// throws  IoError as check_run_folder() does, and naming a file that stands in the way, before
///         anything is removed
void clear_run_folder(const std::filesystem::path& folder, bool overwrite,
                      const std::map<std::string, std::string>& about_to_write);

/// Whether a file is what run.json says that the run wrote.
///
/// name  its path in the folder
bool is_recorded(const std::filesystem::path& folder, const std::string& name,
                 const std::map<std::string, std::string>& files);

/// Removes former files of a run that are recorded and will not be written again.
void remove_recorded(const std::filesystem::path& folder,
                     const std::map<std::string, std::string>& former,
                     const std::map<std::string, std::string>& kept);

}  // namespace dmf
