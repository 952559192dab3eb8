#include <doctest/doctest.h>

#include <algorithm>

#include "apps/image/image.h"
#include "engine/core/check.h"
#include "tests/support/dicom_files.h"
#include "tests/support/random_drawing.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

}  // namespace

TEST_CASE("dicom: random samples of 1 to 16 bits come back as drawn, frame by frame") {
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    for (int bits = 1; bits <= 16; ++bits) {
      for (const char* compression : {"", "RLE", "JPEG"}) {
        if (bits < 8 && std::string(compression).starts_with("JPEG")) continue;
        std::vector<Drawing> frames{random_drawing(random, 1, bits)};
        const int count = number(random, 1, 3);
        while (static_cast<int>(frames.size()) < count) {
          frames.push_back(frames[0]);
          std::reverse(frames.back().samples.begin(), frames.back().samples.end());
        }
        DicomHeader header;
        header.compression = compression;
        header.colours = number(random, 0, 1) == 1 ? "MONOCHROME1" : "MONOCHROME2";
        if (*compression == '\0') {
          header.low_bit = number(random, 0, 16 - bits);
          header.is_signed = number(random, 0, 1) == 1;
          if (bits == 1 && number(random, 0, 1) == 1) header.allocated = 1, header.low_bit = 0;
        }
        const std::string bytes = encode_dicom(frames, header);
        for (int k = 0; k < count; ++k) {
          const RawImage raw = decode_image(bytes, "drawn.dcm", k);
          CHECK(raw.format == FileFormat::dicom);
          CHECK(raw.channels == 1);
          CHECK(raw.bits == bits);
          CHECK(raw.largest == (1 << bits) - 1);
          std::vector<std::uint16_t> expected = frames[static_cast<std::size_t>(k)].samples;
          for (auto& sample : expected) {
            int value = sample;
            if (header.is_signed) value = (value + (1 << (bits - 1))) % (1 << bits);
            if (header.colours == "MONOCHROME1") value = raw.largest - value;
            sample = static_cast<std::uint16_t>(value);
          }
          CHECK(raw.samples == expected);
          CHECK(raw.warnings.size() == (count > 1 ? 1u : 0u) + (header.is_signed ? 1u : 0u));
        }
        CHECK_THROWS_WITH_AS(
            decode_image(bytes, "drawn.dcm", count),
            Contains(fmt::format("drawn.dcm has no frame {0}: it holds {0}", count).c_str()),
            IoError);
      }
    }
  }
}

TEST_CASE("dicom: colours come back as drawn, by pixel and by plane, and from palettes") {
  std::mt19937 random(2);
  for (int round = 0; round < 40; ++round) {
    for (const char* compression : {"", "RLE", "JPEG"}) {
      const Drawing d = random_drawing(random, 3, 8);
      DicomHeader header;
      header.compression = compression;
      header.planes = number(random, 0, 1) == 1;
      const RawImage raw = decode_image(encode_dicom({d}, header), "drawn.dcm");
      CHECK(raw.channels == 3);
      CHECK(raw.largest == 255);
      CHECK(raw.samples == d.samples);
    }
    PaletteDrawing p = random_palette_drawing(random, 8, false);
    const RawImage raw = decode_image(encode_dicom_palette(p), "drawn.dcm");
    CHECK(raw.indices == p.indices);
    CHECK(raw.palette == p.palette);
    CHECK(raw.channels == 3);
  }
  // Full-range YBR: grey stays grey; red, green and blue to a step of rounding.
  const Drawing ybr{1, 4, 3, 8, {77, 128, 128, 76, 85, 255, 150, 44, 21, 29, 255, 107}};
  DicomHeader header;
  header.colours = "YBR_FULL";
  CHECK(decode_image(encode_dicom({ybr}, header), "a.dcm").samples ==
        std::vector<std::uint16_t>{77, 77, 77, 254, 0, 0, 0, 255, 1, 0, 0, 254});
}

// A gradient alone: of noise, DCMTK 3.6.7 writes JPEG-LS behind the end of its buffer.
TEST_CASE("dicom: JPEG-LS comes back as drawn") {
  Drawing d{64, 64, 1, 12, {}};
  for (int i = 0; i < 64 * 64; ++i) d.samples.push_back(static_cast<std::uint16_t>(i));
  DicomHeader header;
  header.compression = "JPEG-LS";
  CHECK(decode_image(encode_dicom({d}, header), "drawn.dcm").samples == d.samples);
}

TEST_CASE("dicom: spacing and a hash of the patient, nothing else") {
  const Drawing d{2, 2, 1, 8, {1, 2, 3, 4}};
  CHECK_FALSE(decode_image(encode_dicom({d}), "a.dcm").spacing.has_value());
  CHECK(decode_image(encode_dicom({d}), "a.dcm").patient.empty());
  DicomHeader header;
  header.region = {0.02, 0.03};
  header.patient = "Doe^Jane 17";
  const RawImage regions = decode_image(encode_dicom({d}, header), "a.dcm");
  REQUIRE(regions.spacing.has_value());
  CHECK((*regions.spacing)[0] == doctest::Approx(0.2));
  CHECK((*regions.spacing)[1] == doctest::Approx(0.3));
  CHECK(regions.patient.size() == 16);
  CHECK(regions.patient.find("Doe") == std::string::npos);
  header.spacing = "0.5\\0.25";
  const RawImage spaced = decode_image(encode_dicom({d}, header), "a.dcm");
  CHECK(*spaced.spacing == std::array<double, 2>{0.5, 0.25});
  CHECK(spaced.patient == regions.patient);
  header.patient = "Doe^Jane 18";
  CHECK(decode_image(encode_dicom({d}, header), "a.dcm").patient != regions.patient);
}

TEST_CASE("dicom: frames of files, and what cannot be read is refused in one line") {
  std::mt19937 random(3);
  const TemporaryFolder folder;
  const Drawing d = random_drawing(random, 1, 12);
  write_text(folder / "a.dcm", encode_dicom({d, d, d}));
  write_text(folder / "a.png", encode_png_samples(d));
  CHECK(frames_in(folder / "a.dcm") == 3);
  CHECK(frames_in(folder / "a.png") == 1);
  CHECK(read_image(folder / "a.dcm", 2).samples == d.samples);
  CHECK_THROWS_WITH_AS(read_image(folder / "a.png", 1), Contains("a.png has no frame 1"), IoError);
  DicomHeader odd;
  odd.colours = "HSV";
  CHECK_THROWS_WITH_AS(decode_image(encode_dicom({d}, odd), "a.dcm"), Contains("colours 'HSV'"),
                       IoError);
  for (const char* compression : {"", "RLE", "JPEG"}) {
    DicomHeader header;
    header.compression = compression;
    const std::string bytes = encode_dicom({d, d}, header);
    for (int cut = 0; cut < 100; ++cut) {
      const auto size =
          static_cast<std::size_t>(number(random, 132, static_cast<int>(bytes.size()) - 3));
      try {
        decode_image(bytes.substr(0, size), "cut.dcm", 1);
        FAIL_CHECK(compression, ": the second frame was read of ", size, " of ", bytes.size(),
                   " bytes");
      } catch (const IoError& problem) {
        const std::string text = problem.what();
        CHECK_MESSAGE(text.starts_with("[image] cut.dcm"), text);
        CHECK(text.find('\n') == std::string::npos);
      }
    }
  }
}

}  // namespace dmf
