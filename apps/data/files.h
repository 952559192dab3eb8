#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dmf {

/// "image2" before "image10": runs of digits compare as numbers.
bool natural_less(const std::string& a, const std::string& b);

/// Makes a folder, with those above it, where it is not there yet.
///
/// throws  IoError with the path and the system's reason
void make_folder(const std::filesystem::path& folder);

/// The files a command line names: those given, and of each folder given what it holds, in natural
/// order. Symbolic links in a folder are left out.
///
/// levels  how deep to look into a folder; 1: only at what lies directly inside
/// wanted  of a folder's files, which to take
/// what    they are called in the error
/// throws  IoError for a folder without any
std::vector<std::filesystem::path> files_of(
    const std::vector<std::string>& inputs, int levels,
    const std::function<bool(const std::filesystem::path&)>& wanted, const std::string& what);

}  // namespace dmf
