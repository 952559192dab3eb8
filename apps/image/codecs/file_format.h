#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dmf {

/// The formats that are decoded; the last two only where their libraries were installed.
enum class FileFormat { png, jpeg, bmp, tiff, dicom };

/// "PNG", "JPEG", "BMP", "TIFF" or "DICOM".
std::string_view name_of(FileFormat format);

/// Whether this build decodes it.
bool can_read(FileFormat format);

/// The format that a file's first bytes show, whatever its name; perhaps of a damaged file.
std::optional<FileFormat> sniff(std::string_view bytes);

/// What a file is that is none of these, for messages: "a GIF", "an HTML page", "a Git LFS pointer,
/// not the image: run git lfs pull"; empty where its bytes say nothing.
std::string foreign_format(std::string_view bytes);

/// Why a file whose content is none that this build decodes is not read: one sentence without the
/// file's name, such as "is a GIF under the name .png: convert it to PNG".
///
/// name  of the file, for its extension
std::string why_refused(std::string_view bytes, std::string_view name);

/// True for the extensions of what this build decodes, in any case: .png .jpg .jpeg .jpe .jfif .bmp
/// .dib, and .tif .tiff .dcm .dicom where built with their libraries.
bool is_image_path(const std::filesystem::path& path);

/// Why a file is no image to read, as far as its name says: "is a .gif: convert it to PNG", or "is
/// no picture".
std::string why_unused(const std::filesystem::path& path);

/// The same, but empty for is_image_path().
std::string why_no_image(const std::filesystem::path& path);

}  // namespace dmf
