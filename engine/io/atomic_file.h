#pragma once

#include <filesystem>
#include <string_view>

namespace dmf {

/// Replaces the file's content or leaves it as it was, never half: writes a temporary file beside
/// it, flushes that to the disk, renames it over the target and flushes the folder.
///
/// throws  IoError with the path and the system's reason
void write_file_atomically(const std::filesystem::path& path, std::string_view content);

/// throws  IoError where the file cannot be read or is larger than max_bytes
std::string read_file(const std::filesystem::path& path, std::uintmax_t max_bytes);

}  // namespace dmf
