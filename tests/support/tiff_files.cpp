#include "tests/support/tiff_files.h"

#include <tiffio.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace dmf {
namespace {

struct Target {
  std::string bytes;
  std::size_t at = 0;
};

Target& target_of(thandle_t handle) {
  return *static_cast<Target*>(handle);
}

tmsize_t read_back(thandle_t handle, void* to, tmsize_t size) {
  Target& target = target_of(handle);
  const std::size_t count =
      std::min(static_cast<std::size_t>(size),
               target.bytes.size() - std::min(target.at, target.bytes.size()));
  std::memcpy(to, target.bytes.data() + target.at, count);
  target.at += count;
  return static_cast<tmsize_t>(count);
}

tmsize_t write_some(thandle_t handle, void* from, tmsize_t size) {
  Target& target = target_of(handle);
  target.bytes.resize(std::max(target.bytes.size(), target.at + static_cast<std::size_t>(size)));
  std::memcpy(target.bytes.data() + target.at, from, static_cast<std::size_t>(size));
  target.at += static_cast<std::size_t>(size);
  return size;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Target& target = target_of(handle);
  target.at = static_cast<std::size_t>(offset) + (whence == SEEK_CUR   ? target.at
                                                  : whence == SEEK_END ? target.bytes.size()
                                                                       : 0u);
  return target.at;
}

int close(thandle_t) {
  return 0;
}

toff_t size_of(thandle_t handle) {
  return target_of(handle).bytes.size();
}

void require(bool done) {
  if (!done) throw std::logic_error("encode_tiff: libtiff refuses");
}

/// The rows y to y + rows, columns x to x + columns of the samples (of one plane, or of all),
/// packed as libtiff takes them: 16 bits in the machine's order; 0 beyond the image.
std::string packed_block(const Drawing& d, int plane, int y, int x, int rows, int columns) {
  const int samples = plane < 0 ? d.channels : 1;
  const int row_bytes = (columns * samples * d.bits + 7) / 8;
  std::string block(static_cast<std::size_t>(rows * row_bytes), '\0');
  for (int h = 0; h < rows && y + h < d.height; ++h) {
    for (int w = 0; w < columns && x + w < d.width; ++w) {
      for (int c = 0; c < samples; ++c) {
        const std::uint16_t value = d.samples[static_cast<std::size_t>(
            ((y + h) * d.width + x + w) * d.channels + std::max(plane, c))];
        const int index = w * samples + c;
        char* to = block.data() + h * row_bytes + index * d.bits / 8;
        if (d.bits == 16) {
          std::memcpy(to, &value, 2);
        } else {
          *to = static_cast<char>(static_cast<unsigned char>(*to) |
                                  value << (8 - d.bits - index * d.bits % 8));
        }
      }
    }
  }
  return block;
}

void write_blocks(TIFF* tiff, const Drawing& d, const TiffLayout& layout) {
  const int block_height = layout.tile > 0 ? layout.tile : layout.rows_per_strip;
  const int block_width = layout.tile > 0 ? layout.tile : d.width;
  std::uint32_t k = 0;
  for (int plane = layout.separate_planes ? 0 : -1;
       plane < (layout.separate_planes ? d.channels : 0); ++plane) {
    for (int y = 0; y < d.height; y += block_height) {
      for (int x = 0; x < d.width; x += block_width, ++k) {
        const int rows = layout.tile > 0 ? block_height : std::min(block_height, d.height - y);
        std::string block = packed_block(d, plane, y, x, rows, block_width);
        const auto size = static_cast<tmsize_t>(block.size());
        require((layout.tile > 0 ? TIFFWriteEncodedTile(tiff, k, block.data(), size)
                                 : TIFFWriteEncodedStrip(tiff, k, block.data(), size)) == size);
      }
    }
  }
}

std::string encode(const Drawing& d, const Palette* palette, const TiffLayout& layout) {
  Target target;
  const std::string mode =
      std::string("w") + (layout.big_endian ? "b" : "l") + (layout.big_tiff ? "8" : "4");
  TIFF* tiff = TIFFClientOpen("test", mode.c_str(), &target, read_back, write_some, seek, close,
                              size_of, nullptr, nullptr);
  require(tiff != nullptr);
  for (int page = 0; page < layout.pages; ++page) {
    const auto set = [&](std::uint32_t tag, auto... value) {
      require(TIFFSetField(tiff, tag, value...) == 1);
    };
    set(TIFFTAG_IMAGEWIDTH, d.width);
    set(TIFFTAG_IMAGELENGTH, d.height);
    set(TIFFTAG_SAMPLESPERPIXEL, d.channels);
    set(TIFFTAG_BITSPERSAMPLE, d.bits);
    set(TIFFTAG_SAMPLEFORMAT, layout.sample_format);
    set(TIFFTAG_COMPRESSION, layout.compression);
    set(TIFFTAG_ORIENTATION, layout.orientation);
    set(TIFFTAG_PLANARCONFIG, layout.separate_planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    set(TIFFTAG_PHOTOMETRIC, palette != nullptr     ? PHOTOMETRIC_PALETTE
                             : d.channels >= 3      ? PHOTOMETRIC_RGB
                             : layout.white_is_zero ? PHOTOMETRIC_MINISWHITE
                                                    : PHOTOMETRIC_MINISBLACK);
    if (d.channels == 2 || d.channels == 4) {
      const std::uint16_t kind = EXTRASAMPLE_UNASSALPHA;
      set(TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    if (palette != nullptr) {
      std::array<std::vector<std::uint16_t>, 3> parts;
      for (std::size_t c = 0; c < 3; ++c) {
        for (const auto& colour : *palette) {
          parts[c].push_back(static_cast<std::uint16_t>(colour[c] * 257));
        }
        parts[c].resize(std::size_t{1} << d.bits);
      }
      set(TIFFTAG_COLORMAP, parts[0].data(), parts[1].data(), parts[2].data());
    }
    if (layout.tile > 0) {
      set(TIFFTAG_TILEWIDTH, layout.tile);
      set(TIFFTAG_TILELENGTH, layout.tile);
    } else {
      set(TIFFTAG_ROWSPERSTRIP, layout.rows_per_strip);
    }
    write_blocks(tiff, d, layout);
    require(TIFFWriteDirectory(tiff) == 1);
  }
  TIFFClose(tiff);
  return target.bytes;
}

}  // namespace

std::string encode_tiff(const Drawing& drawing, const TiffLayout& layout) {
  return encode(drawing, nullptr, layout);
}

std::string encode_tiff_palette(const PaletteDrawing& d, const TiffLayout& layout) {
  return encode({d.height, d.width, 1, d.bits, {d.indices.begin(), d.indices.end()}}, &d.palette,
                layout);
}

}  // namespace dmf
