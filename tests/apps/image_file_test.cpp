#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>

#include "apps/image/codecs/decoders.h"
#include "apps/image/codecs/exif.h"
#include "apps/image/codecs/file_format.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/codecs/png_check.h"
#include "apps/image/upright.h"
#include "engine/core/check.h"
#include "tests/support/random_drawing.h"

namespace dmf {
namespace {

using doctest::Contains;

/// The colours of a drawing's pixels, with their alpha if `channels` is 4.
std::vector<std::uint16_t> colours_of(const PaletteDrawing& d, int channels) {
  std::vector<std::uint16_t> samples;
  for (const std::uint8_t index : d.indices) {
    for (int c = 0; c < channels; ++c) {
      samples.push_back(d.palette[index][static_cast<std::size_t>(c)]);
    }
  }
  return samples;
}

void check_same(const RawImage& raw, const PaletteDrawing& d, int channels) {
  CHECK(raw.height == d.height);
  CHECK(raw.width == d.width);
  CHECK(raw.bits == d.bits);
  CHECK(raw.indices == d.indices);
  CHECK(raw.palette == d.palette);
  CHECK(raw.channels == channels);
  CHECK(raw.samples == colours_of(d, channels));
}

/// What the file is refused with; the message is one line that names it.
std::string refusal(const std::string& bytes, const std::string& name) {
  try {
    decode_image(bytes, name);
  } catch (const IoError& problem) {
    const std::string text = problem.what();
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.starts_with("[image] " + name));
    return text;
  }
  FAIL_CHECK(name, " was decoded");
  return "";
}

/// A JPEG with some detail everywhere.
Drawing textured(int height, int width, int channels) {
  Drawing d{height, width, channels, 8, {}};
  std::mt19937 random(3);
  for (int i = 0; i < height * width * channels; ++i) {
    d.samples.push_back(static_cast<std::uint16_t>(number(random, 0, 255)));
  }
  return d;
}

}  // namespace

TEST_CASE("image file: random samples come back as drawn from PNG of every depth and colour") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    for (const int channels : {1, 2, 3, 4}) {
      for (const int bits : {1, 2, 4, 8, 16}) {
        if (bits < 8 && channels > 1) continue;
        const Drawing d = random_drawing(random, channels, bits);
        const RawImage raw = decode_image(encode_png_samples(d), "drawn.png");
        CHECK(raw.format == FileFormat::png);
        CHECK(raw.channels == channels);
        CHECK(raw.bits == bits);
        CHECK(raw.largest == (bits == 16 ? 65535 : 255));
        CHECK(raw.samples == as_read(d));
        CHECK(raw.palette.empty());
        CHECK(raw.indices.empty());
      }
    }
  }
}

TEST_CASE("image file: a PNG whose pixels are stored is what it was compressed") {
  const auto samples = [](const std::string& png) {
    const StbResult result = decode_with_stb(png);
    CHECK(result.reason.empty());
    return result.raw.samples;
  };
  std::mt19937 random(4);
  // The rows of the last two are a block, and one byte more.
  for (const auto& [height, width, channels] :
       {std::tuple{1, 1, 1}, {7, 5, 2}, {200, 230, 3}, {90, 80, 4}, {1, 65534, 1}, {2, 65534, 1}}) {
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < height * width * channels; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(number(random, 0, 3) * (i % 50)));
    }
    const std::string png = encode_png(height, width, channels, bytes);
    PngFacts facts = check_png(png, "a.png");
    const std::optional<std::string> stored = as_stored_png(png, facts);
    REQUIRE(stored.has_value());
    CHECK(stored->size() > bytes.size());
    CHECK(samples(*stored) == std::vector<std::uint16_t>(bytes.begin(), bytes.end()));
    CHECK(samples(png) == samples(*stored));
    const std::optional<std::string> again = as_stored_png(*stored, facts);
    CHECK_FALSE(again.has_value());  // it has no checksum of the pixels: left to the decoder
    ++facts.height;                  // more than there is
    CHECK_FALSE(as_stored_png(png, facts).has_value());
    facts.height -= 2;
    CHECK_FALSE(as_stored_png(png, facts).has_value());
    ++facts.height;
    facts.interlaced = true;
    CHECK_FALSE(as_stored_png(png, facts).has_value());
  }
}

TEST_CASE("image file: random indices, palettes and transparencies come back from PNG") {
  std::mt19937 random(2);
  for (int round = 0; round < 100; ++round) {
    for (const int bits : {1, 2, 4, 8}) {
      for (const bool alpha : {false, true}) {
        const PaletteDrawing d = random_palette_drawing(random, bits, alpha);
        const bool opaque = std::all_of(d.palette.begin(), d.palette.end(),
                                        [](const auto& colour) { return colour[3] == 255; });
        check_same(decode_image(encode_png_palette(d), "drawn.png"), d, opaque ? 3 : 4);
      }
    }
  }
  PaletteDrawing beyond{1, 2, 4, {{0, 0, 0, 255}, {9, 9, 9, 255}}, {1, 2}};
  CHECK(refusal(encode_png_palette(beyond), "a.png").find("the colour 2 of a palette of 2") !=
        std::string::npos);
  beyond.bits = 1;
  beyond.palette.push_back({1, 2, 3, 255});
  CHECK(refusal(encode_png_palette(beyond), "a.png").find("1 to 2 colours") != std::string::npos);
}

TEST_CASE("image file: BMP in either row order comes back as drawn, and short files are refused") {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    for (const RowOrder order : {RowOrder::bottom_up, RowOrder::top_down}) {
      for (const int channels : {1, 3, 4}) {
        Drawing d = random_drawing(random, channels, 8);
        if (channels == 4) d.samples[3] = 7;  // all 0 means opaque
        const std::string bytes = encode_bmp(d, order);
        const RawImage raw = decode_image(bytes, "drawn.bmp");
        CHECK(raw.format == FileFormat::bmp);
        CHECK(raw.height == d.height);
        if (channels == 1) {
          CHECK(std::equal(raw.indices.begin(), raw.indices.end(), d.samples.begin(),
                           d.samples.end()));
        } else {
          CHECK(raw.channels == channels);
          CHECK(raw.samples == d.samples);
        }
        const int padding = (4 - d.width * channels % 4) % 4;
        const auto cut = static_cast<std::size_t>(
            number(random, padding + 1, static_cast<int>(bytes.size()) - 2));
        CHECK(refusal(bytes.substr(0, bytes.size() - cut), "cut.bmp").find("ends early") !=
              std::string::npos);
      }
      for (const int bits : {1, 4, 8}) {
        const PaletteDrawing d = random_palette_drawing(random, bits, false);
        check_same(decode_image(encode_bmp_palette(d, order), "drawn.bmp"), d, 3);
      }
    }
  }
  std::string packed = encode_bmp(textured(8, 8, 1));
  packed[30] = 1;
  CHECK(refusal(packed, "a.bmp").find("run-length compressed BMP") != std::string::npos);
  CHECK(refusal(encode_bmp_palette({1, 2, 4, {{0, 0, 0, 255}, {9, 9, 9, 255}}, {1, 2}}), "a.bmp")
            .find("the colour 2 of a palette of 2") != std::string::npos);
}

TEST_CASE("image file: a JPEG cut anywhere is refused or whole; odd ends are warned of") {
  for (const int channels : {1, 3}) {
    const std::string bytes = encode_jpeg(textured(40, 24, channels));
    const RawImage whole = decode_image(bytes, "a.jpg");
    CHECK(whole.format == FileFormat::jpeg);
    CHECK(whole.channels == 3);
    CHECK(whole.warnings.empty());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      try {
        const RawImage cut = decode_image(bytes.substr(0, size), "cut.jpg");
        CHECK(cut.samples == whole.samples);
        CHECK(size > bytes.size() - 8);  // only the marker and what fills the last byte are gone
        CHECK(cut.warnings ==
              std::vector<std::string>{"ends without its end marker; its pixels are whole"});
      } catch (const IoError& problem) {
        CHECK(size < bytes.size() - 2);
        const std::string text = problem.what();
        CHECK_MESSAGE((text.find("ends early") != std::string::npos || size == 0 ||
                       text.find("is none of the images") != std::string::npos),
                      text);
        CHECK(text.find("PNG sig") == std::string::npos);
      }
    }
    const RawImage more = decode_image(bytes + "trailing bytes", "a.jpg");
    CHECK(more.samples == whole.samples);
    CHECK(more.warnings.empty());
    std::string filled = bytes;  // as an interrupted download leaves it
    std::fill(filled.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), filled.end() - 2,
              '\0');
    const RawImage zeros = decode_image(filled, "filled.jpg");
    REQUIRE(zeros.warnings.size() == 1);
    CHECK(zeros.warnings[0].starts_with("ends early: the lower "));
    filled.replace(filled.size() - 2, 2, 2, '\0');
    CHECK(refusal(filled, "filled.jpg").find("ends early: the lower ") != std::string::npos);
    const std::string junk =
        std::string(bytes, 0, bytes.size() - 2) + std::string(99, '\0') + "\xff\xd9";
    CHECK(decode_image(junk, "junk.jpg").samples == whole.samples);
    CHECK(decode_image(junk, "junk.jpg").warnings.empty());
    const std::string half = bytes.substr(0, bytes.size() * 6 / 10) + "\xff\xd9";
    const RawImage ended = decode_image(half, "half.jpg");
    REQUIRE(ended.warnings.size() == 1);
    CHECK(ended.warnings[0].starts_with("ends early: the lower "));
    CHECK(std::equal(ended.samples.begin(), ended.samples.begin() + 8 * 24 * 3,
                     whole.samples.begin()));
  }
}

TEST_CASE("image file: EXIF's orientation is read from JPEG and PNG in either byte order") {
  const Drawing d = textured(8, 16, 3);
  for (const std::string& file : {encode_jpeg(d), encode_png_samples(d)}) {
    const RawImage plain = decode_image(file, "plain");
    CHECK(plain.orientation == 1);
    for (int orientation = 1; orientation <= 8; ++orientation) {
      for (const bool little_endian : {false, true}) {
        const RawImage raw = decode_image(with_exif(file, orientation, little_endian), "turned");
        CHECK(raw.orientation == orientation);
        CHECK(raw.samples == plain.samples);  // not applied
        CHECK(raw.warnings.empty());
      }
    }
    const RawImage odd = decode_image(with_exif(file, 9), "odd");
    CHECK(odd.orientation == 1);
    CHECK(odd.warnings == std::vector<std::string>{"has a damaged EXIF block: taken as upright"});
  }
  for (const bool little_endian : {false, true}) {  // nothing behind the end is looked at
    const std::string block = exif_block(6, little_endian);
    for (std::size_t size = 0; size < 22; ++size) {
      CHECK(exif_orientation(std::string(block, 0, size)) == std::nullopt);
    }
    std::string far = block;
    far.replace(4, 4, "\x7f\x7f\x7f\x7f");
    CHECK(exif_orientation(far) == std::nullopt);
  }
}

TEST_CASE("image file: upright turns and mirrors samples and indices for all eight orientations") {
  // The file holds A B C / D E F; each row is what a viewer shows.
  const std::vector<std::tuple<int, int, std::string>> shown = {
      {1, 3, "ABCDEF"}, {2, 3, "CBAFED"}, {3, 3, "FEDCBA"}, {4, 3, "DEFABC"},
      {5, 2, "ADBECF"}, {6, 2, "DAEBFC"}, {7, 2, "FCEBDA"}, {8, 2, "CFBEAD"}};
  for (const auto& [orientation, width, letters] : shown) {
    RawImage raw{2, 3, 2, 255, {}};
    for (const char letter : std::string("ABCDEF")) {
      raw.indices.push_back(static_cast<std::uint8_t>(letter));
      raw.samples.insert(raw.samples.end(), {static_cast<std::uint16_t>(letter), 1000});
    }
    raw.orientation = orientation;
    raw.spacing = {0.5, 0.25};
    const RawImage turned = upright(raw);
    CHECK(turned.orientation == 1);
    CHECK(turned.width == width);
    CHECK(turned.height == 6 / width);
    CHECK(std::string(turned.indices.begin(), turned.indices.end()) == letters);
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(turned.samples[2 * i] == static_cast<std::uint16_t>(letters[i]));
      CHECK(turned.samples[2 * i + 1] == 1000);
    }
    CHECK((*turned.spacing)[0] == (width == 3 ? 0.5 : 0.25));
  }
}

TEST_CASE("image file: what is no image is refused as what it is") {
  const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
  const std::vector<std::tuple<std::string, std::string, std::string>> files = {
      {"a.png", "GIF89a" + zeros(20), "is a GIF under the name .png"},
      {"a.gif", "GIF89a" + zeros(20), "is a GIF under the name .gif: expected an image (PNG"},
      {"a.jpg", "RIFF" + zeros(4) + "WEBPVP8 ", "is a WebP under the name .jpg"},
      {"a.png", zeros(344) + "n+1" + zeros(1), "is a NIfTI"},
      {"a.png", "\x1f\x8b\x08" + zeros(20),
       "is a gzip file (as NIfTI images are) under the name .png"},
      {"a.png", "P5 3 3 255\n123456789", "is a PNM"},
      {"a.png", zeros(3) + "\x0cjP  \r\n\x87\n", "is a JPEG 2000"},
      {"a.jpg", zeros(3) + " ftypheic" + zeros(9), "is a HEIC under the name .jpg"},
      {"a.jpg", zeros(3) + " ftypavif" + zeros(9), "is an AVIF"},
      {"a.png", "%PDF-1.4\n" + zeros(9), "is a PDF"},
      {"a.png", "<!DOCTYPE html><html>", "is an HTML page"},
      {"a.png", "<?xml version=\"1.0\"?><a/>", "is an XML file"},
      {"a.png", "<?xml version=\"1.0\"?><svg/>", "is an SVG"},
      {"a.png", "{\"error\": 404}", "is a JSON file"},
      {"a.png", "Not Found", "is a text file under the name .png"},
      {"a.png", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
       "a.png is a Git LFS pointer, not the image: run git lfs pull."},
      {"a.png", "PK\x03\x04" + zeros(20), "is a ZIP archive"},
      {"a.png", zeros(64), "is a file of zero bytes"},
      {"a.png", "", "a.png is empty."},
      {"a", "BMI table of the patients", "a is a text file: expected"},
      {"a.png", "\x01\x02\x03", "begins with the bytes 01 02 03"},
      {"a.jpg", "\xff\xd8\xff\xd9", "is a damaged JPEG: it is a header, without image data"},
      {"a.jpg", "\xff\xd8\xff\xe0", "ends early, after 4 bytes, without image data"},
  };
  for (const auto& file : files) {
    const std::string text = refusal(std::get<1>(file), std::get<0>(file));
    const std::string& reason = std::get<2>(file);
    CHECK_MESSAGE(text.find(reason) != std::string::npos, text, " lacks ", reason);
  }
  PaletteDrawing one{1, 1, 8, {{1, 2, 3, 255}}, {0}};
  std::string wide = encode_bmp_palette(one);
  wide.replace(18, 8, std::string("\x20\x4e\0\0\x20\x4e\0\0", 8));
  CHECK(refusal(wide, "a.bmp").find("has 400 million pixels (20000 x 20000): at most 67 million") !=
        std::string::npos);
  CHECK(decode_image(encode_jpeg(textured(8, 8, 1)), "really a jpeg.png").format ==
        FileFormat::jpeg);
  const Drawing strip{1, 40000, 1, 8, std::vector<std::uint16_t>(40000, 9)};
  CHECK(decode_image(encode_png_samples(strip), "long.png").width == 40000);
}

TEST_CASE("image file: any beginning of a file, an empty one too, is looked at") {
  const std::string png = encode_png(1, 1, 1, {7}), jpeg = encode_jpeg(1, 1, 1, {7});
  const std::string dicom = std::string(128, '\0') + "DICM";
  const std::string bitmap = "BM" + std::string(12, '\0') + '\x28' + std::string(40, '\0');
  for (const std::string& whole : {png, jpeg, dicom, bitmap}) {
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      CHECK_NOTHROW(sniff(whole.substr(0, length)));
    }
    CHECK(sniff(whole).has_value());
  }
}

TEST_CASE("image file: extensions that are read, and pictures that are not") {
  for (const char* name : {"a.png", "a.JPG", "a.jpeg", "a.Bmp", "a.jfif", "a b.c.png"}) {
    CHECK(is_image_path(name));
    CHECK(why_unused(name) == "is a picture");
  }
  for (const char* name : {"a.gif", "a.WEBP", "a.nii", "a.nii.gz", "a.pgm", "a.jp2", "a.heic"}) {
    CHECK_FALSE(is_image_path(name));
    CHECK(why_unused(name).find("convert it to PNG") != std::string::npos);
  }
  CHECK(why_unused("a.NII.gz") == "is a .nii.gz: convert it to PNG");
  for (const char* name : {"a.txt", "a.csv", "a.gz", "png", ".png"}) {
    CHECK_FALSE(is_image_path(name));
    CHECK(why_unused(name) == "is no picture");
  }
  for (const auto& [format, name, reason] :
       {std::tuple{FileFormat::tiff, "a.tif",
                   "is a TIFF, which this build does not read: install "
                   "libtiff-dev and build again"},
        std::tuple{FileFormat::dicom, "a.dcm",
                   "is a DICOM, which this build does not read: install "
                   "libdcmtk-dev and build again"}}) {
    CHECK(is_image_path(name) == can_read(format));
    CHECK(why_unused(name) == (can_read(format) ? "is a picture" : reason));
  }
}

}  // namespace dmf
