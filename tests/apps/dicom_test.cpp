#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcvr.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

#include "apps/image/codecs/bytes.h"
#include "apps/image/codecs/image_file.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "tests/support/dicom_files.h"
#include "tests/support/random_drawing.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

/// A number as it is written, lowest byte first.
std::string written(std::uint32_t value, std::size_t count) {
  std::string bytes;
  for (std::size_t k = 0; k < count; ++k) bytes += static_cast<char>(value >> (8 * k) & 0xff);
  return bytes;
}

std::string tag_and_length(std::uint32_t group, std::uint32_t element, std::uint32_t length) {
  return written(group, 2) + written(element, 2) + written(length, 4);
}

/// The file in another encoding, with three more sequences, one within the other.
std::string encoded_as(const std::string& bytes, E_TransferSyntax syntax, E_EncodingType lengths) {
  const TemporaryFolder folder;
  write_text(folder / "a.dcm", bytes);
  DcmFileFormat file;
  REQUIRE(file.loadFile((folder / "a.dcm").c_str()).good());
  DcmItem* item = file.getDataset();
  for (int k = 0; k < 3; ++k) {
    DcmItem* inner = nullptr;
    REQUIRE(item->findOrCreateSequenceItem(DCM_RequestAttributesSequence, inner, 0).good());
    // What is no value of the image itself.
    REQUIRE(inner->putAndInsertUint16(DCM_Rows, 999).good());
    REQUIRE(inner->putAndInsertString(DCM_PatientID, "nobody").good());
    item = inner;
  }
  REQUIRE(file.saveFile((folder / "b.dcm").c_str(), syntax, lengths).good());
  return read_text(folder / "b.dcm");
}

/// Where a length is written, and in how many bytes.
struct Length {
  std::size_t at, count;
};

/// All lengths of elements, items and their ends in a file as encode_dicom writes it.
std::vector<Length> lengths_in(const std::string& bytes) {
  std::vector<Length> lengths;
  for (std::size_t at = 132; at < bytes.size();) {
    const bool part = little_endian(bytes, at, 2) == 0xfffe;
    const std::string vr = bytes.substr(at + 4, 2);
    const bool extended = !part && DcmVR(vr.c_str()).usesExtendedLengthEncoding();
    const Length length{at + (part ? 4u : extended ? 8u : 6u), part || extended ? 4u : 2u};
    lengths.push_back(length);
    at = length.at + length.count;
    const std::uint32_t claimed = little_endian(bytes, length.at, length.count);
    if (claimed != 0xffffffff) at += claimed;
  }
  return lengths;
}

/// Why damaged bytes are not read, in one line; empty where they are, to the same samples.
std::string refusal(const std::string& bytes, const RawImage& whole) {
  try {
    CHECK(decode_image(bytes, "damaged.dcm").samples == whole.samples);
    return "";
  } catch (const IoError& problem) {
    const std::string text = problem.what();
    CHECK_MESSAGE(text.starts_with("[image] damaged.dcm"), text);
    CHECK(text.find('\n') == std::string::npos);
    return text;
  }
}

/// The most memory this process ever asked for, in KiB; 0 where the system does not say.
std::int64_t most_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (std::int64_t size = 0; word == "VmPeak:" && status >> size) return size;
  }
  return 0;
}

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
          CHECK(raw.warnings.size() == (header.is_signed ? 1u : 0u));
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
  write_text(folder / "a.png", encode_png_samples(random_drawing(random, 1, 8)));
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

TEST_CASE("dicom: every encoding of the elements is read alike") {
  std::mt19937 random(4);
  for (int round = 0; round < 10; ++round) {
    const Drawing d = random_drawing(random, 1, number(random, 1, 16));
    DicomHeader header;
    header.region = {0.02, 0.03};
    header.patient = "17";
    const std::string plain = encode_dicom({d, d}, header);
    const RawImage expected = decode_image(plain, "a.dcm", 1);
    REQUIRE(expected.spacing.has_value());
    for (const auto syntax :
         {EXS_LittleEndianExplicit, EXS_LittleEndianImplicit, EXS_BigEndianExplicit}) {
      for (const auto lengths : {EET_ExplicitLength, EET_UndefinedLength}) {
        const std::string file = encoded_as(plain, syntax, lengths);
        const RawImage raw = decode_image(file, "a.dcm", 1);
        CHECK(raw.height == d.height);
        CHECK(raw.samples == d.samples);
        CHECK(raw.spacing == expected.spacing);
        CHECK(raw.patient == expected.patient);
        if (syntax == EXS_BigEndianExplicit) continue;
        // Without the preamble and the file's own header.
        const std::size_t header_end = 132 + 12 + little_endian(file, 132 + 8, 4);
        const std::string elements = file.substr(header_end);
        if (syntax == EXS_LittleEndianExplicit)
          CHECK(decode_image(elements, "a.dcm", 1).samples == d.samples);
        CHECK(decode_image(file.substr(0, 132) + elements, "a.dcm", 1).samples == d.samples);
      }
    }
    header.compression = "RLE";
    CHECK(
        decode_image(encoded_as(encode_dicom({d, d}, header), EXS_RLELossless, EET_ExplicitLength),
                     "a.dcm", 1)
            .samples == d.samples);
    CHECK_THROWS_WITH_AS(
        decode_image(encoded_as(plain, EXS_DeflatedLittleEndianExplicit, EET_ExplicitLength),
                     "a.dcm"),
        Contains("compressed as Deflated Explicit VR Little Endian, which is not read"), IoError);
  }
}

TEST_CASE("dicom: run lengths that point out of their fragment are refused, whatever they are") {
  const Drawing d{5, 3, 1, 16, {0, 256, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 4095}};
  DicomHeader header;
  header.compression = "RLE";
  const std::string file = encode_dicom({d}, header);
  REQUIRE(decode_image(file, "a.dcm").samples == d.samples);
  // Two segments; the first begins behind the 64 bytes.
  const std::string runs = written(2, 4) + written(64, 4);
  const std::size_t at = file.find(runs);
  REQUIRE(at != std::string::npos);
  const auto with = [&](std::size_t number, std::uint32_t value) {
    std::string changed = file;
    changed.replace(at + 4 * number, 4, written(value, 4));
    return changed;
  };
  for (const std::string& wrong : {with(0, 0), with(0, 16), with(1, 0), with(1, 65), with(2, 63),
                                   with(2, 0xf9ffff45), with(2, 0xffffffff)}) {
    CHECK_THROWS_WITH_AS(decode_image(wrong, "a.dcm"), Contains("do not lie in it"), IoError);
  }
  Rng rng(7);
  for (int round = 0; round < 500; ++round) {
    std::string damaged = file;
    for (std::uint64_t k = rng.below(4); k < 5; ++k) {
      damaged[at + rng.below(damaged.size() - at)] = static_cast<char>(rng.below(256));
    }
    try {
      decode_image(damaged, "a.dcm");
    } catch (const IoError&) {
    }
  }
}

TEST_CASE("dicom: regions in a sequence of unknown kind, and a sequence within sequences") {
  const Drawing d{2, 2, 1, 8, {1, 2, 3, 4}};
  const std::string file = encode_dicom({d});
  const std::string item = tag_and_length(0xfffe, 0xe000, 0xffffffff),
                    item_end = tag_and_length(0xfffe, 0xe00d, 0),
                    end = tag_and_length(0xfffe, 0xe0dd, 0);
  const std::string half("\0\0\0\0\0\0\xe0\x3f", 8);
  const std::string regions = written(0x18, 2) + written(0x6011, 2) + "UN" + written(0, 2) +
                              written(0xffffffff, 4) + item + tag_and_length(0x18, 0x6024, 2) +
                              written(3, 2) + tag_and_length(0x18, 0x6026, 2) + written(3, 2) +
                              tag_and_length(0x18, 0x602c, 8) + half +
                              tag_and_length(0x18, 0x602e, 8) + half + item_end + end;
  CHECK(decode_image(file + regions, "a.dcm").spacing == std::array<double, 2>{5.0, 5.0});
  const auto nested = [&](int depth) {
    std::string bytes = file;
    for (int k = 0; k < depth; ++k) {
      bytes += written(0x40, 2) + written(0x275, 2) + "SQ" + written(0, 2) +
               written(0xffffffff, 4) + item;
    }
    for (int k = 0; k < depth; ++k) bytes += item_end + end;
    return bytes;
  };
  CHECK(decode_image(nested(60), "a.dcm").samples == d.samples);
  CHECK_THROWS_WITH_AS(decode_image(nested(200000), "a.dcm"), Contains("nested deeper than 64"),
                       IoError);
  // Pixels of an unknown kind without a length, which are a sequence to DCMTK.
  std::string inner;
  for (int k = 0; k < 200000; ++k) inner += tag_and_length(0x40, 0x275, 0xffffffff) + item;
  const std::string pixels =
      written(0x7fe0, 2) + written(0x10, 2) + "ZZ" + written(0, 2) + written(0xffffffff, 4) +
      tag_and_length(0xfffe, 0xe000, static_cast<std::uint32_t>(inner.size())) + inner + end;
  CHECK_THROWS_WITH_AS(decode_image(file + pixels, "a.dcm"), Contains("are a sequence"), IoError);
}

TEST_CASE("dicom: more frames than there are pixels for are refused, many regions are read") {
  const TemporaryFolder folder;
  const Drawing d{2, 2, 1, 8, {1, 2, 3, 4}};
  for (const char* compression : {"", "RLE", "JPEG"}) {
    DicomHeader header;
    header.compression = compression;
    const std::vector<Drawing> frames(100, d);
    std::string file = encode_dicom(frames, header);
    const auto count = file.find("100 ");
    REQUIRE(count != std::string::npos);
    for (const char* claimed : {"101 ", "9999"}) {
      file.replace(count, 4, claimed);
      write_text(folder / "a.dcm", file);
      CHECK_THROWS_WITH_AS(frames_in(folder / "a.dcm"), Contains("a.dcm is a damaged DICOM"),
                           IoError);
      CHECK_THROWS_WITH_AS(read_image(folder / "a.dcm"), Contains("a.dcm is a damaged DICOM"),
                           IoError);
    }
    file.replace(count, 4, "99  ");
    write_text(folder / "a.dcm", file);
    CHECK(frames_in(folder / "a.dcm") == 99);
  }
  // Found one after the other, as long as no search for each begins at the first.
  std::string many = encode_dicom({d}) + written(0x18, 2) + written(0x6011, 2) + "SQ" +
                     written(0, 2) + written(0xffffffff, 4);
  for (int k = 0; k < 200000; ++k) many += tag_and_length(0xfffe, 0xe000, 0);
  many += tag_and_length(0xfffe, 0xe0dd, 0);
  CHECK_FALSE(decode_image(many, "a.dcm").spacing.has_value());
}

TEST_CASE("dicom: a damaged length is refused in one line, before any memory of that size") {
  std::mt19937 random(5);
  const Drawing d = random_drawing(random, 1, 12);
  DicomHeader header;
  header.region = {0.02, 0.03};
  const std::int64_t before = most_memory();
  for (const char* compression : {"", "RLE", "JPEG"}) {
    header.compression = compression;
    const std::string file = encode_dicom({d, d}, header);
    const RawImage whole = decode_image(file, "whole.dcm");
    const std::vector<Length> lengths = lengths_in(file);
    REQUIRE(file.size() < 0x7ffe);
    CHECK(lengths.size() > 30);
    for (const Length& length : lengths) {
      const auto rest = static_cast<std::uint32_t>(file.size() - length.at - length.count);
      for (const std::uint32_t claimed : {0xffffffffu, 0xfffffffeu, 0x7fff7ffeu, rest + 1}) {
        std::string damaged = file;
        damaged.replace(length.at, length.count, written(claimed, length.count));
        const std::string said = refusal(damaged, whole);
        if (length.count == 2 || claimed != 0xffffffff) {
          CHECK_MESSAGE(said.find("bytes, more than follow") != std::string::npos, claimed,
                        " bytes at ", length.at, ": ", said);
        } else if (little_endian(file, length.at - 2, 2) == 0) {  // behind the kind of value
          for (const char* vr : {"UT", "UN", "SQ", "OB", "OF", "ZZ", "na"})
            refusal(damaged.replace(length.at - 4, 2, vr), whole);
        }
      }
    }
  }
  CHECK(most_memory() - before < 64 * 1024);
}

}  // namespace dmf
