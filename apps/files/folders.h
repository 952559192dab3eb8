#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/files/names.h"

namespace dmf {

/// What list_folder() finds a file or folder to be that it leaves out.
enum class LeftOut { hidden, dead_link, link_back, not_ordinary, unreadable };

/// A file or folder that is not used.
struct UnusedFile {
  std::filesystem::path path;
  std::string reason;                // "is a TIFF, which is not read: convert it to PNG"
  std::optional<LeftOut> kind = {};  // where list_folder() left it out; the system's are hidden
};

/// What lies directly inside a folder. Links are followed; `unused` holds hidden files and those of
/// the operating system (".DS_Store", "._a.png", "__MACOSX", "Thumbs.db"), links that lead nowhere
/// or back to a folder that they lie in, and what cannot be read.
struct Folder {
  std::filesystem::path path;
  std::vector<std::filesystem::path> folders, files;  // both in natural order
  std::vector<UnusedFile> unused;
};

Folder list_folder(const std::filesystem::path& path);

/// At most two lines on what is not used: counts by reason with the first names; empty for nothing.
std::string describe_unused(const std::vector<UnusedFile>& unused);

/// Makes a folder, with those above it, where it is not there yet.
///
/// throws  IoError with the path and the system's reason
void make_folder(const std::filesystem::path& folder);

/// The path as it is found from any working directory.
std::string absolute_path(const std::string& path);

struct FoundFiles {
  std::vector<std::filesystem::path> files;
  std::vector<UnusedFile> unused;
};

/// Why a file is not taken, as "is a .gif: convert it to PNG"; empty for one that is.
using Refusal = std::function<std::string(const std::filesystem::path&)>;

/// The files in a folder and those below that are not refused, in natural order, and all others.
/// Links are followed, loops are not.
///
/// levels  how deep to look; 1: only at what lies directly inside
FoundFiles files_below(const std::filesystem::path& folder, int levels, const Refusal& refusal);

/// The files a command line names: those given, and of each folder given what it holds, in natural
/// order, as files_below finds it.
///
/// what    they are called in the error
/// throws  IoError for a folder without any, saying what it holds
FoundFiles files_of(const std::vector<std::string>& inputs, int levels, const Refusal& refusal,
                    const std::string& what);

}  // namespace dmf
