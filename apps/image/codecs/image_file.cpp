#include "apps/image/codecs/image_file.h"

#include <stb/stb_image_write.h>

#include <fstream>
#include <optional>

#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"
#include "engine/io/atomic_file.h"

namespace dmf {
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{1} << 30;
constexpr std::size_t kStart = 256;  // bytes, which show a file's format

RawImage decode(std::string_view bytes, std::string_view name, int frame) {
  DMF_CHECK(!bytes.empty(), IoError, "[image] {} is empty.", name);
  const std::optional<FileFormat> format = sniff(bytes);
  DMF_CHECK(format && can_read(*format), IoError, "[image] {} {}.", name, why_refused(bytes, name));
  DMF_CHECK(frame == 0 || format == FileFormat::dicom, IoError,
            "[image] {} has no frame {}: it is a {} with one, 0.", name, frame, name_of(*format));
  switch (*format) {
    case FileFormat::png:
      return decode_png(bytes, name);
    case FileFormat::jpeg:
      return decode_jpeg(bytes, name);
    case FileFormat::bmp:
      return decode_bmp(bytes, name);
    case FileFormat::tiff:
      return decode_tiff(bytes, name);
    case FileFormat::dicom:
      return decode_dicom(bytes, name, frame);
  }
  return {};
}

}  // namespace

RawImage read_image(const std::filesystem::path& path, int frame) {
  return decode_image(read_file(path, kLargestFile), path.string(), frame);
}

RawImage decode_image(std::string_view bytes, std::string_view name, int frame) {
  RawImage raw = decode(bytes, name, frame);
  raw.format = *sniff(bytes);
  return raw;
}

int frames_in(const std::filesystem::path& path) {
  if (!can_read(FileFormat::dicom)) return 1;
  std::string start(kStart, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), static_cast<std::streamsize>(kStart));
  start.resize(static_cast<std::size_t>(file.gcount()));
  if (sniff(start) != FileFormat::dicom) return 1;
  return dicom_frames(read_file(path, kLargestFile), path.string());
}

namespace {

void append_bytes(void* context, void* data, int size) {
  static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                             static_cast<std::size_t>(size));
}

}  // namespace

std::string encode_png(int height, int width, int channels,
                       const std::vector<std::uint8_t>& samples) {
  std::string bytes;
  const int done = stbi_write_png_to_func(append_bytes, &bytes, width, height, channels,
                                          samples.data(), width * channels);
  DMF_CHECK(done != 0, IoError, "[image] cannot encode {} x {} pixels as PNG.", width, height);
  return bytes;
}

std::string encode_jpeg(int height, int width, int channels,
                        const std::vector<std::uint8_t>& samples) {
  constexpr int kQuality = 80;
  std::string bytes;
  const int done = stbi_write_jpg_to_func(append_bytes, &bytes, width, height, channels,
                                          samples.data(), kQuality);
  DMF_CHECK(done != 0, IoError, "[image] cannot encode {} x {} pixels as JPEG.", width, height);
  return bytes;
}

void write_png(const std::filesystem::path& path, int height, int width, int channels,
               const std::vector<std::uint8_t>& samples) {
  write_file_atomically(path, encode_png(height, width, channels, samples));
}

}  // namespace dmf
