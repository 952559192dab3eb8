#include "tests/support/image_files.h"

#include <stb/stb_image_write.h>

#include <algorithm>
#include <stdexcept>

#include "apps/image/codecs/image_file.h"
#include "tests/support/crc.h"

namespace dmf {
namespace {

std::string big(std::uint32_t value, int bytes) {
  std::string text;
  for (int k = bytes - 1; k >= 0; --k) text += static_cast<char>(value >> (8 * k) & 0xffu);
  return text;
}

std::string little(std::uint32_t value, int bytes) {
  std::string text = big(value, bytes);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  return big(static_cast<std::uint32_t>(data.size()), 4) + body + big(crc_of(body, 0xedb88320u), 4);
}

/// The bytes as a zlib stream that does not compress.
std::string stored(const std::string& bytes) {
  constexpr std::size_t kBlock = 65535;
  std::string stream("\x78\x01", 2);
  std::uint32_t a = 1, b = 0;
  std::size_t at = 0;
  do {
    const std::string block = bytes.substr(at, kBlock);
    at += block.size();
    const auto size = static_cast<std::uint32_t>(block.size());
    stream += static_cast<char>(at == bytes.size() ? 1 : 0);
    stream += little(size, 2) + little(~size & 0xffffu, 2) + block;
  } while (at < bytes.size());
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521u;
    b = (b + a) % 65521u;
  }
  return stream + big(b << 16 | a, 4);
}

/// One row of samples, packed from the highest bit on as PNG, BMP and TIFF do.
template <class T>
std::string packed_row(const T* samples, int count, int bits) {
  if (bits == 16) {
    std::string row;
    for (int k = 0; k < count; ++k) row += big(static_cast<std::uint32_t>(samples[k]), 2);
    return row;
  }
  std::string row(static_cast<std::size_t>((count * bits + 7) / 8), '\0');
  for (int k = 0; k < count; ++k) {
    char& byte = row[static_cast<std::size_t>(k * bits / 8)];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | static_cast<unsigned>(samples[k])
                                                                    << (8 - bits - k * bits % 8));
  }
  return row;
}

std::string png(int height, int width, int bits, int colour_type, const std::string& before_pixels,
                const std::string& rows) {
  return std::string("\x89PNG\r\n\x1a\n", 8) +
         chunk("IHDR", big(static_cast<std::uint32_t>(width), 4) +
                           big(static_cast<std::uint32_t>(height), 4) + static_cast<char>(bits) +
                           static_cast<char>(colour_type) + std::string(3, '\0')) +
         before_pixels + chunk("IDAT", stored(rows)) + chunk("IEND", "");
}

std::string bmp(int height, int width, int bits, const Palette& palette, RowOrder order,
                const std::vector<std::string>& rows) {
  std::string colours, pixels;
  for (const auto& colour : palette) {
    for (const std::size_t c : {2u, 1u, 0u}) colours += static_cast<char>(colour[c]);
    colours += '\0';
  }
  for (int h = 0; h < height; ++h) {
    std::string row =
        rows[static_cast<std::size_t>(order == RowOrder::top_down ? h : height - 1 - h)];
    row.resize((row.size() + 3) / 4 * 4);
    pixels += row;
  }
  const auto before = static_cast<std::uint32_t>(14 + 40 + colours.size());
  const int signed_height = order == RowOrder::top_down ? -height : height;
  return "BM" + little(before + static_cast<std::uint32_t>(pixels.size()), 4) + little(0, 4) +
         little(before, 4) + little(40, 4) + little(static_cast<std::uint32_t>(width), 4) +
         little(static_cast<std::uint32_t>(signed_height), 4) + little(1, 2) +
         little(static_cast<std::uint32_t>(bits), 2) + little(0, 4) +
         little(static_cast<std::uint32_t>(pixels.size()), 4) + little(2835, 4) + little(2835, 4) +
         little(static_cast<std::uint32_t>(palette.size()), 4) + little(0, 4) + colours + pixels;
}

template <class T>
std::vector<std::string> packed_rows(const std::vector<T>& samples, int height, int count,
                                     int bits) {
  std::vector<std::string> rows;
  for (int h = 0; h < height; ++h)
    rows.push_back(packed_row(samples.data() + h * count, count, bits));
  return rows;
}

std::string unfiltered(const std::vector<std::string>& rows) {
  std::string bytes;
  for (const std::string& row : rows) bytes += '\0' + row;
  return bytes;
}

}  // namespace

std::string encode_png_samples(const Drawing& d) {
  constexpr std::array<int, 5> kColourTypes{-1, 0, 4, 2, 6};
  return png(d.height, d.width, d.bits, kColourTypes.at(static_cast<std::size_t>(d.channels)), "",
             unfiltered(packed_rows(d.samples, d.height, d.width * d.channels, d.bits)));
}

std::string encode_png_palette(const PaletteDrawing& d) {
  std::string colours, alphas;
  for (const auto& colour : d.palette) {
    for (std::size_t c = 0; c < 3; ++c) colours += static_cast<char>(colour[c]);
    alphas += static_cast<char>(colour[3]);
  }
  while (!alphas.empty() && alphas.back() == '\xff') alphas.pop_back();
  return png(d.height, d.width, d.bits, 3,
             chunk("PLTE", colours) + (alphas.empty() ? "" : chunk("tRNS", alphas)),
             unfiltered(packed_rows(d.indices, d.height, d.width, d.bits)));
}

std::string encode_bmp(const Drawing& d, RowOrder order) {
  const int bits = d.channels == 1 ? 8 : d.channels * 8;
  Palette ramp;
  for (int v = 0; d.channels == 1 && v < 256; ++v) {
    const auto grey = static_cast<std::uint8_t>(v);
    ramp.push_back({grey, grey, grey, 255});
  }
  std::vector<std::uint16_t> samples = d.samples;  // to blue, green, red
  const auto C = static_cast<std::size_t>(d.channels);
  for (std::size_t i = 0; C >= 3 && i < samples.size(); i += C)
    std::swap(samples[i], samples[i + 2]);
  return bmp(d.height, d.width, bits, ramp, order,
             packed_rows(samples, d.height, d.width * d.channels, 8));
}

std::string encode_bmp_palette(const PaletteDrawing& d, RowOrder order) {
  return bmp(d.height, d.width, d.bits, d.palette, order,
             packed_rows(d.indices, d.height, d.width, d.bits));
}

std::string encode_jpeg(const Drawing& d, int quality) {
  std::string bytes;
  const auto append = [](void* context, void* data, int size) {
    static_cast<std::string*>(context)->append(static_cast<const char*>(data),
                                               static_cast<std::size_t>(size));
  };
  const std::vector<std::uint8_t> samples(d.samples.begin(), d.samples.end());
  stbi_write_jpg_to_func(append, &bytes, d.width, d.height, d.channels, samples.data(), quality);
  return bytes;
}

std::string exif_block(int orientation, bool little_endian) {
  const auto number = little_endian ? little : big;
  const auto value = static_cast<std::uint32_t>(orientation);
  return (little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) +
         number(274, 2) + number(3, 2) + number(1, 4) + number(value, 2) + number(0, 2) +
         number(0, 4);
}

std::string with_exif(const std::string& file, int orientation, bool little_endian) {
  const std::string block = exif_block(orientation, little_endian);
  if (file.starts_with("\x89PNG")) return with_png_chunk(file, "eXIf", block);
  if (!file.starts_with("\xff\xd8")) throw std::logic_error("with_exif: neither PNG nor JPEG");
  const std::string body = std::string("Exif\0\0", 6) + block;
  return file.substr(0, 2) + "\xff\xe1" + big(static_cast<std::uint32_t>(body.size() + 2), 2) +
         body + file.substr(2);
}

std::string with_png_chunk(const std::string& png, const std::string& type,
                           const std::string& data) {
  constexpr std::size_t kHeader = 8 + 12 + 13;
  return png.substr(0, kHeader) + chunk(type, data) + png.substr(kHeader);
}

}  // namespace dmf
