#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

/// The file in memory and what libtiff complained of first.
struct Source {
  std::string_view bytes;
  toff_t at = 0;
  std::string complaint;
};

Source& source_of(thandle_t handle) {
  return *static_cast<Source*>(handle);
}

tmsize_t read_some(thandle_t handle, void* to, tmsize_t size) {
  Source& source = source_of(handle);
  if (source.at >= source.bytes.size() || size <= 0) return 0;
  const std::size_t count =
      std::min(static_cast<std::size_t>(size), source.bytes.size() - source.at);
  std::memcpy(to, source.bytes.data() + source.at, count);
  source.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) {
  return 0;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  source.at = whence == SEEK_SET   ? offset
              : whence == SEEK_CUR ? source.at + offset
                                   : source.bytes.size() + offset;
  return source.at;
}

int close(thandle_t) {
  return 0;
}

toff_t size_of(thandle_t handle) {
  return source_of(handle).bytes.size();
}

int keep_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  std::array<char, 200> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  std::string& complaint = static_cast<Source*>(user)->complaint;
  if (complaint.empty()) {
    complaint = text.data();
    while (complaint.ends_with('.') || complaint.ends_with('\n')) complaint.pop_back();
    std::replace(complaint.begin(), complaint.end(), '\n', ' ');
  }
  return 1;
}

int ignore_warning(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

Tiff open(Source& source, std::string_view name) {
  constexpr tmsize_t kMostAtOnce = tmsize_t{1} << 30;
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMostAtOnce);
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, &source);
  // Neither mapped into memory nor its strips cut anew.
  Tiff tiff(TIFFClientOpenExt("image", "rmc", &source, read_some, write_nothing, seek, close,
                              size_of, nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  DMF_CHECK(tiff != nullptr, IoError, "[image] {} is a damaged TIFF: {}.", name, source.complaint);
  return tiff;
}

template <class T>
T field(const Tiff& tiff, std::uint32_t tag, T absent) {
  T value{};
  return TIFFGetFieldDefaulted(tiff.get(), tag, &value) == 1 ? value : absent;
}

/// What the first directory says, as far as it is read here.
struct Layout {
  std::uint32_t width = 0, height = 0;
  int samples = 1;  // a pixel in the file, of which `channels` are kept
  int channels = 1;
  int bits = 8;
  bool palette = false, inverted = false, separate = false;
};

/// Grey, palette or RGB with perhaps an alpha.
void read_colours(Layout& layout, const Tiff& tiff, std::string_view name) {
  const auto compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  auto photometric = field<std::uint16_t>(
      tiff, TIFFTAG_PHOTOMETRIC, layout.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) {
    TIFFSetField(tiff.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    photometric = PHOTOMETRIC_RGB;
  }
  std::uint16_t extras = 0, *kinds = nullptr;
  if (TIFFGetField(tiff.get(), TIFFTAG_EXTRASAMPLES, &extras, &kinds) != 1) extras = 0;
  const bool alpha = extras == 1 && kinds[0] != EXTRASAMPLE_UNSPECIFIED;
  layout.palette = photometric == PHOTOMETRIC_PALETTE;
  layout.inverted = photometric == PHOTOMETRIC_MINISWHITE;
  const bool grey = photometric == PHOTOMETRIC_MINISBLACK || layout.inverted;
  const int colours = photometric == PHOTOMETRIC_RGB ? 3 : 1;
  DMF_CHECK(grey || layout.palette || colours == 3, IoError,
            "[image] {} is a TIFF in colours of kind {} (its PhotometricInterpretation), which is "
            "not read: grey, palette and RGB are. Save it as PNG.",
            name, photometric);
  DMF_CHECK(layout.samples == colours || (layout.samples == colours + 1 && !layout.palette),
            IoError,
            "[image] {} is a TIFF of {} samples a pixel in {}: expected {} and perhaps an alpha.",
            name, layout.samples,
            layout.palette ? "palette"
            : grey         ? "grey"
                           : "RGB",
            colours);
  const bool fits = layout.bits == 8 || (layout.bits == 16 && !layout.palette) ||
                    (colours == 1 && (layout.bits == 1 || layout.bits == 2 || layout.bits == 4));
  DMF_CHECK(fits, IoError, "[image] {} is a TIFF of {} bits a sample in {}: expected {}.", name,
            layout.bits,
            layout.palette ? "palette"
            : grey         ? "grey"
                           : "RGB",
            layout.palette ? "1, 2, 4 or 8"
            : grey         ? "1, 2, 4, 8 or 16"
                           : "8 or 16");
  layout.channels = colours + (alpha ? 1 : 0);
}

Layout read_layout(const Tiff& tiff, std::string_view name) {
  Layout layout;
  layout.width = field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height = field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  check_size(layout.width, layout.height, name);
  DMF_CHECK(field<std::uint32_t>(tiff, TIFFTAG_IMAGEDEPTH, 1) == 1, IoError,
            "[image] {} is a TIFF of a volume, which is not read.", name);
  const auto format = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  DMF_CHECK(format == SAMPLEFORMAT_UINT || format == SAMPLEFORMAT_VOID, IoError,
            "[image] {} is a TIFF of {}, which are not read: whole numbers from 0 are. Save it as "
            "PNG.",
            name,
            format == SAMPLEFORMAT_IEEEFP ? "floating-point numbers"
            : format == SAMPLEFORMAT_INT  ? "signed numbers"
                                          : "complex numbers");
  layout.samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.separate = field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) ==
                    PLANARCONFIG_SEPARATE;
  read_colours(layout, tiff, name);
  return layout;
}

/// The strips or tiles of the image, all alike: tiles may reach over the right and lower edge.
struct Blocks {
  bool tiles = false;
  std::uint32_t width = 0, height = 0;  // pixels of one
  std::uint32_t count = 0;
  std::size_t bytes = 0, row_bytes = 0;  // of one when decoded
};

Blocks read_blocks(const Tiff& tiff, const Layout& layout, std::string_view bytes,
                   std::string_view name) {
  Blocks blocks;
  blocks.tiles = TIFFIsTiled(tiff.get()) != 0;
  if (blocks.tiles) {
    blocks.width = field<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0);
    blocks.height = field<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0);
    check_size(blocks.width, blocks.height, name);
    blocks.count = TIFFNumberOfTiles(tiff.get());
    blocks.bytes = static_cast<std::size_t>(TIFFTileSize64(tiff.get()));
  } else {
    blocks.width = layout.width;
    blocks.height =
        std::min(field<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, layout.height), layout.height);
    blocks.count = TIFFNumberOfStrips(tiff.get());
    blocks.bytes = static_cast<std::size_t>(TIFFStripSize64(tiff.get()));
  }
  const std::size_t samples = layout.separate ? 1 : static_cast<std::size_t>(layout.samples);
  blocks.row_bytes =
      (std::size_t{blocks.width} * samples * static_cast<std::size_t>(layout.bits) + 7) / 8;
  const auto in_one_plane = [](std::uint32_t side, std::uint32_t part) {
    return part == 0 ? 0 : (std::uint64_t{side} + part - 1) / part;
  };
  const std::uint64_t expected = in_one_plane(layout.width, blocks.width) *
                                 in_one_plane(layout.height, blocks.height) *
                                 static_cast<std::uint64_t>(layout.separate ? layout.samples : 1);
  DMF_CHECK(
      blocks.count == expected && expected > 0 && blocks.bytes == blocks.row_bytes * blocks.height,
      IoError,
      "[image] {} is a damaged TIFF: {} strips or tiles of {} bytes do not make up {} x {} pixels.",
      name, blocks.count, blocks.bytes, layout.width, layout.height);
  for (std::uint32_t k = 0; k < blocks.count; ++k) {
    const std::uint64_t offset = TIFFGetStrileOffset(tiff.get(), k),
                        size = TIFFGetStrileByteCount(tiff.get(), k);
    DMF_CHECK(
        offset <= bytes.size() && size <= bytes.size() - offset, IoError,
        "[image] {} is a damaged TIFF: it ends early, after {} bytes, where a part of its pixels "
        "ends at byte {}.",
        name, bytes.size(), offset + size);
  }
  return blocks;
}

/// The sample `index` of a decoded row; libtiff has put 16 bits into the machine's order.
int sample_in(const unsigned char* row, std::size_t index, int bits) {
  if (bits == 16) {
    std::uint16_t value = 0;
    std::memcpy(&value, row + 2 * index, sizeof value);
    return value;
  }
  if (bits == 8) return row[index];
  const std::size_t bit = index * static_cast<std::size_t>(bits);
  return row[bit / 8] >> (8 - bits - static_cast<int>(bit % 8)) & ((1 << bits) - 1);
}

/// The samples as the file holds them, `channels` a pixel.
std::vector<std::uint16_t> read_samples(const Tiff& tiff, const Layout& layout,
                                        const Blocks& blocks, const Source& source,
                                        std::string_view name) {
  const auto C = static_cast<std::size_t>(layout.channels);
  const auto in_file = static_cast<std::size_t>(layout.samples);
  const std::size_t planes = layout.separate ? in_file : 1;
  const std::uint32_t across = (layout.width + blocks.width - 1) / blocks.width;
  const std::uint32_t in_plane = blocks.count / static_cast<std::uint32_t>(planes);
  std::vector<unsigned char> block(blocks.bytes);
  std::vector<std::uint16_t> samples;
  for (std::uint32_t k = 0; k < blocks.count; ++k) {
    const std::uint32_t top = k % in_plane / across * blocks.height;
    const std::uint32_t left = k % in_plane % across * blocks.width;
    const std::uint32_t rows = std::min(blocks.height, layout.height - top);
    const std::uint32_t columns = std::min(blocks.width, layout.width - left);
    const auto asked = static_cast<tmsize_t>(blocks.tiles ? blocks.bytes : blocks.row_bytes * rows);
    const tmsize_t got = blocks.tiles ? TIFFReadEncodedTile(tiff.get(), k, block.data(), asked)
                                      : TIFFReadEncodedStrip(tiff.get(), k, block.data(), asked);
    DMF_CHECK(got == asked && source.complaint.empty(), IoError,
              "[image] {} is a damaged TIFF: its pixels cannot be decoded ({}).", name,
              source.complaint.empty() ? "they end early" : source.complaint);
    samples.resize(std::size_t{layout.width} * layout.height * C);
    const std::size_t plane = k / in_plane;
    if (layout.separate && plane >= C) break;  // what is no colour and no alpha
    for (std::size_t y = 0; y < rows; ++y) {
      const unsigned char* row = block.data() + y * blocks.row_bytes;
      std::uint16_t* to = samples.data() + ((top + y) * layout.width + left) * C;
      for (std::size_t x = 0; x < columns; ++x, to += C) {
        if (layout.separate) {
          to[plane] = static_cast<std::uint16_t>(sample_in(row, x, layout.bits));
          continue;
        }
        for (std::size_t c = 0; c < C; ++c) {
          to[c] = static_cast<std::uint16_t>(sample_in(row, x * in_file + c, layout.bits));
        }
      }
    }
  }
  return samples;
}

void read_palette(RawImage& raw, const Tiff& tiff, const std::vector<std::uint16_t>& samples,
                  std::string_view name) {
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  DMF_CHECK(TIFFGetField(tiff.get(), TIFFTAG_COLORMAP, &red, &green, &blue) == 1, IoError,
            "[image] {} is a damaged TIFF: it has colours of a palette and no palette.", name);
  const std::size_t colours = std::size_t{1} << raw.bits;
  const auto small = [&](const std::uint16_t* part) {
    return std::all_of(part, part + colours, [](std::uint16_t value) { return value < 256; });
  };
  const int shift = small(red) && small(green) && small(blue) ? 0 : 8;  // old writers used 8 bits
  for (std::size_t k = 0; k < colours; ++k) {
    raw.palette.push_back({static_cast<std::uint8_t>(red[k] >> shift),
                           static_cast<std::uint8_t>(green[k] >> shift),
                           static_cast<std::uint8_t>(blue[k] >> shift), 255});
  }
  raw.indices.assign(samples.begin(), samples.end());
  apply_palette(raw, false, name);
}

}  // namespace

const bool kTiffBuiltIn = true;

RawImage decode_tiff(std::string_view bytes, std::string_view name) {
  Source source{bytes, 0, ""};
  const Tiff tiff = open(source, name);
  const Layout layout = read_layout(tiff, name);
  const Blocks blocks = read_blocks(tiff, layout, bytes, name);
  std::vector<std::uint16_t> samples = read_samples(tiff, layout, blocks, source, name);
  RawImage raw{static_cast<int>(layout.height), static_cast<int>(layout.width), layout.channels};
  raw.bits = layout.bits;
  raw.largest = layout.bits == 16 ? 65535 : 255;
  if (layout.palette) {
    read_palette(raw, tiff, samples, name);
  } else {
    const int most = (1 << layout.bits) - 1;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const bool grey = i % static_cast<std::size_t>(layout.channels) == 0;
      const int value = layout.inverted && grey ? most - samples[i] : samples[i];
      samples[i] = static_cast<std::uint16_t>(value * (raw.largest / most));
    }
    raw.samples = std::move(samples);
  }
  const int orientation = field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, 1);
  raw.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  const unsigned pages = TIFFNumberOfDirectories(tiff.get());
  if (pages > 1) raw.warnings.push_back(fmt::format("holds {} pages: the first is read", pages));
  return raw;
}

}  // namespace dmf
