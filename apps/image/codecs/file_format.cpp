#include "apps/image/codecs/file_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "apps/image/codecs/bytes.h"
#include "apps/image/codecs/decoders.h"
#include "apps/image/codecs/png_check.h"

namespace dmf {
namespace {

using std::string_view_literals::operator""sv;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The extension in lower case; ".nii.gz" counts as one.
std::string extension_of(const std::filesystem::path& path) {
  const std::string name = lower(path.filename().string());
  if (name.ends_with(".nii.gz")) return ".nii.gz";
  return lower(path.extension().string());
}

bool holds(std::string_view bytes, std::size_t at, std::string_view text) {
  return bytes.size() >= at && bytes.substr(at).starts_with(text);
}

bool is_tiff(std::string_view bytes) {
  return bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv) ||
         bytes.starts_with("II+\0"sv) || bytes.starts_with("MM\0+"sv);
}

/// With the preamble of a DICOM file, or beginning with an element of the first two groups.
bool is_dicom(std::string_view bytes) {
  if (holds(bytes, 128, "DICM")) return true;
  if (bytes.size() < 8 || bytes[1] != '\0' || bytes[3] != '\0') return false;
  const auto letter = [&](std::size_t k) { return bytes[k] >= 'A' && bytes[k] <= 'Z'; };
  return (bytes[0] == '\x02' || bytes[0] == '\x08') && letter(4) && letter(5);
}

bool is_bmp(std::string_view bytes) {
  if (!bytes.starts_with("BM")) return false;
  if (bytes.size() < 18) return true;
  const std::uint32_t header = little_endian(bytes, 14, 4);
  return header >= 12 && header <= 255;
}

/// No control characters, and most of it ASCII.
bool is_text(std::string_view bytes) {
  std::size_t ascii = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 32 && byte != '\t' && byte != '\n' && byte != '\r') return false;
    ascii += byte < 127 ? 1u : 0u;
  }
  return 2 * ascii > bytes.size();
}

std::string text_format(std::string_view bytes) {
  std::string text = lower(std::string(bytes));
  if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  const auto begin = text.find_first_not_of(" \t\r\n");
  text.erase(0, begin == std::string::npos ? text.size() : begin);
  const auto has = [&](const char* part) { return text.find(part) != std::string::npos; };
  if (text.starts_with("version https://git-lfs")) {
    return "a Git LFS pointer, not the image: run git lfs pull";
  }
  if (text.starts_with("<svg") || (text.starts_with("<?xml") && has("<svg"))) return "an SVG";
  if (text.starts_with("<!doctype html") || text.starts_with("<html")) return "an HTML page";
  if (text.starts_with("<?xml")) return "an XML file";
  if (text.starts_with("{") || text.starts_with("[")) return "a JSON file";
  if (text.starts_with("objecttype") || text.starts_with("ndims")) return "a MetaImage";
  if (text.starts_with("%pdf")) return "a PDF";
  if (text.starts_with("nrrd")) return "an NRRD";
  return text.empty() ? "a file of blanks" : "a text file";
}

struct Signature {
  std::size_t at;
  std::string_view bytes;
  const char* what;
};

constexpr std::array kSignatures{
    Signature{0, "GIF8"sv, "a GIF"},
    Signature{8, "WEBP"sv, "a WebP"},
    Signature{0, "%PDF"sv, "a PDF"},
    Signature{0, "PK\x03\x04"sv, "a ZIP archive"},
    Signature{0, "PK\x05\x06"sv, "a ZIP archive"},
    Signature{0, "\x1f\x8b"sv, "a gzip file (as NIfTI images are)"},
    Signature{344, "n+1\0"sv, "a NIfTI"},
    Signature{344, "ni1\0"sv, "a NIfTI"},
    Signature{4, "n+2\0"sv, "a NIfTI"},
    Signature{0, "\0\0\0\x0cjP  "sv, "a JPEG 2000"},
    Signature{0, "\xff\x4f\xff\x51"sv, "a JPEG 2000"},
    Signature{0, "\0\0\0\x0cJXL "sv, "a JPEG XL"},
    Signature{0, "\xff\x0a"sv, "a JPEG XL"},
    Signature{4, "ftypavif"sv, "an AVIF"},
    Signature{4, "ftypavis"sv, "an AVIF"},
    Signature{4, "ftyphei"sv, "a HEIC"},
    Signature{4, "ftyphev"sv, "a HEIC"},
    Signature{4, "ftypmif1"sv, "a HEIC"},
    Signature{4, "ftypmsf1"sv, "a HEIC"},
    Signature{4, "ftyp"sv, "a video"},
    Signature{0, "RIFF"sv, "a video"},
    Signature{0, "8BPS"sv, "a Photoshop file"},
    Signature{0, "NRRD"sv, "an NRRD"},
    Signature{0, "\x93NUMPY"sv, "a NumPy array"},
    Signature{0, "\x89HDF"sv, "an HDF5 file"},
    Signature{0, "MATLAB"sv, "a MATLAB file"},
    Signature{0, "\x76\x2f\x31\x01"sv, "an OpenEXR"},
    Signature{0, "\0\0\1\0"sv, "an icon"},
    Signature{0, "\0\x05\x16\x07"sv, "a macOS resource file, not the image"},
};

/// Pictures that are never decoded, by extension.
constexpr std::array kPictures{
    ".gif"sv,  ".webp"sv, ".nii"sv, ".nii.gz"sv, ".pgm"sv, ".ppm"sv, ".pbm"sv, ".pnm"sv,
    ".pam"sv,  ".pfm"sv,  ".jp2"sv, ".j2k"sv,    ".jpx"sv, ".j2c"sv, ".jxl"sv, ".heic"sv,
    ".heif"sv, ".avif"sv, ".svg"sv, ".npy"sv,    ".npz"sv, ".mha"sv, ".mhd"sv, ".nrrd"sv,
    ".hdr"sv,  ".img"sv,  ".mgz"sv, ".mnc"sv,    ".mat"sv, ".exr"sv, ".tga"sv, ".psd"sv,
    ".pcx"sv,  ".ico"sv,  ".svs"sv, ".avi"sv,    ".mp4"sv, ".mov"sv, ".wmv"sv};

/// What decodes the extension, or nothing.
std::optional<FileFormat> format_of_extension(const std::string& extension) {
  const auto is = [&](auto... all) { return ((extension == all) || ...); };
  if (is(".png")) return FileFormat::png;
  if (is(".jpg", ".jpeg", ".jpe", ".jfif")) return FileFormat::jpeg;
  if (is(".bmp", ".dib")) return FileFormat::bmp;
  if (is(".tif", ".tiff")) return FileFormat::tiff;
  if (is(".dcm", ".dicom")) return FileFormat::dicom;
  return std::nullopt;
}

std::string how_to_read(FileFormat format) {
  return fmt::format("which this build does not read: install {} and build again",
                     format == FileFormat::tiff ? "libtiff-dev" : "libdcmtk-dev");
}

std::string readable_formats() {
  std::string names = "PNG, JPEG, BMP";
  for (const FileFormat format : {FileFormat::tiff, FileFormat::dicom}) {
    if (can_read(format)) names += fmt::format(", {}", name_of(format));
  }
  return names;
}

}  // namespace

std::string_view name_of(FileFormat format) {
  constexpr std::array kNames{"PNG"sv, "JPEG"sv, "BMP"sv, "TIFF"sv, "DICOM"sv};
  return kNames.at(static_cast<std::size_t>(format));
}

bool can_read(FileFormat format) {
  return format == FileFormat::tiff    ? kTiffBuiltIn
         : format == FileFormat::dicom ? kDicomBuiltIn
                                       : true;
}

std::optional<FileFormat> sniff(std::string_view bytes) {
  if (is_png(bytes)) return FileFormat::png;
  if (bytes.starts_with("\xff\xd8")) return FileFormat::jpeg;
  if (is_bmp(bytes)) return FileFormat::bmp;
  if (is_tiff(bytes)) return FileFormat::tiff;
  if (is_dicom(bytes)) return FileFormat::dicom;
  return std::nullopt;
}

std::string foreign_format(std::string_view bytes) {
  constexpr std::size_t kLookedAt = 4096;
  for (const Signature& signature : kSignatures) {
    if (holds(bytes, signature.at, signature.bytes)) return signature.what;
  }
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
      std::isspace(static_cast<unsigned char>(bytes[2])) != 0) {
    return "a PNM (PGM, PPM)";
  }
  if (!bytes.empty() && std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; })) {
    return "a file of zero bytes";
  }
  if (is_text(bytes.substr(0, kLookedAt))) return text_format(bytes.substr(0, kLookedAt));
  return "";
}

std::string why_refused(std::string_view bytes, std::string_view name) {
  const std::string extension = extension_of(std::string(name));
  const std::optional<FileFormat> format = sniff(bytes);
  const std::string what = format ? fmt::format("a {}", name_of(*format)) : foreign_format(bytes);
  if (what.empty()) {
    std::string first;
    for (const char c : bytes.substr(0, 8)) {
      first += fmt::format(" {:02x}", static_cast<unsigned char>(c));
    }
    return fmt::format("is none of the images that are read here ({}): it begins with the bytes{}",
                       readable_formats(), first);
  }
  const std::string is = format && format_of_extension(extension) == format ? "is " + what
                         : extension.empty()
                             ? fmt::format("is {}", what)
                             : fmt::format("is {} under the name {}", what, extension);
  if (format) return fmt::format("{}, {}", is, how_to_read(*format));
  if (what.find(", not the image") != std::string::npos) return "is " + what;
  return fmt::format("{}: expected an image ({})", is, readable_formats());
}

bool is_image_path(const std::filesystem::path& path) {
  const std::optional<FileFormat> format = format_of_extension(extension_of(path));
  return format && can_read(*format);
}

std::string why_unused(const std::filesystem::path& path) {
  const std::string extension = extension_of(path);
  if (const auto format = format_of_extension(extension)) {
    if (can_read(*format)) return "is a picture";
    return fmt::format("is a {}, {}", name_of(*format), how_to_read(*format));
  }
  if (std::find(kPictures.begin(), kPictures.end(), extension) == kPictures.end())
    return "is no picture";
  return fmt::format("is a {}: convert it to PNG", extension);
}

std::string why_no_image(const std::filesystem::path& path) {
  return is_image_path(path) ? "" : why_unused(path);
}

}  // namespace dmf
