// Reads the stored values of one frame with DCMTK. Of the header only the pixel's layout, its size
// in millimetres and a hash of the patient's id are looked at.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "apps/image/codecs/decoders.h"
#include "apps/image/codecs/dicom_check.h"
#include "engine/core/check.h"
#include "engine/io/hash.h"

namespace dmf {
namespace {

/// Decoders known to DCMTK, which is silent from here on.
void set_up() {
  [[maybe_unused]] static const bool done = [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation, EUC_never,
                                          EPC_colorByPixel);
    DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
    DcmRLEDecoderRegistration::registerCodecs();
    return true;
  }();
}

/// A parsed file, with what its messages are about.
class Dicom {
 public:
  Dicom(std::string_view bytes, std::string_view name) : name_(name) {
    set_up();
    const DicomElements elements = check_dicom(bytes, name);
    DcmInputBufferStream stream;
    stream.setBuffer(elements.bytes.data(), static_cast<offile_off_t>(elements.bytes.size()));
    stream.setEos();
    data_.transferInit();
    const OFCondition read = data_.read(stream, elements.syntax);
    data_.transferEnd();
    DMF_CHECK(read.good(), IoError,
              "[image] {} is a damaged DICOM: it ends early or is malformed ({}).", name,
              read.text());
  }

  DcmDataset& data() { return data_; }
  const std::string& name() const { return name_; }

  /// A whole number of the header.
  int number(const DcmTagKey& tag, int absent) {
    Uint16 value = 0;
    return data().findAndGetUint16(tag, value).good() ? value : absent;
  }
  /// A text of the header without the blanks around it.
  std::string text(const DcmTagKey& tag) {
    OFString value;
    if (data().findAndGetOFString(tag, value).bad()) return "";
    const std::string found(value.c_str(), value.length());
    const auto first = found.find_first_not_of(' ');
    return first == std::string::npos
               ? ""
               : found.substr(first, found.find_last_not_of(std::string(" \0", 2)) + 1 - first);
  }
  int frames() {
    Sint32 count = 1;
    if (data().findAndGetSint32(DCM_NumberOfFrames, count).bad()) return 1;
    return std::max<int>(count, 1);
  }

 private:
  std::string name_;
  DcmDataset data_;
};

/// How the stored values lie in the pixel data.
struct Stored {
  int height = 0, width = 0, samples = 1;
  int allocated = 8, bits = 8, low_bit = 0;
  bool is_signed = false, planes = false;
  std::string colours;  // its PhotometricInterpretation
};

Stored read_stored(Dicom& dicom) {
  Stored s;
  s.height = dicom.number(DCM_Rows, 0);
  s.width = dicom.number(DCM_Columns, 0);
  check_size(s.width, s.height, dicom.name());
  s.samples = dicom.number(DCM_SamplesPerPixel, 1);
  s.allocated = dicom.number(DCM_BitsAllocated, 0);
  s.bits = dicom.number(DCM_BitsStored, s.allocated);
  s.low_bit = dicom.number(DCM_HighBit, s.bits - 1) + 1 - s.bits;
  s.is_signed = dicom.number(DCM_PixelRepresentation, 0) == 1;
  s.planes = dicom.number(DCM_PlanarConfiguration, 0) == 1 && s.samples > 1;
  s.colours = dicom.text(DCM_PhotometricInterpretation);
  DMF_CHECK(s.allocated == 1 || s.allocated == 8 || s.allocated == 16, IoError,
            "[image] {} is a DICOM of {} bits a sample, which is not read: up to 16 are.",
            dicom.name(), s.allocated);
  DMF_CHECK(s.bits >= 1 && s.low_bit >= 0 && s.low_bit + s.bits <= s.allocated, IoError,
            "[image] {} is a damaged DICOM: {} bits from bit {} on do not fit into {}.",
            dicom.name(), s.bits, s.low_bit, s.allocated);
  DMF_CHECK(s.samples == 1 || (s.samples == 3 && s.allocated > 1), IoError,
            "[image] {} is a DICOM of {} samples a pixel: expected 1 or 3.", dicom.name(),
            s.samples);
  return s;
}

/// Values as they are stored, in the file's order.
std::vector<std::uint16_t> unpacked(const std::uint8_t* bytes, std::size_t count, const Stored& s,
                                    std::size_t first_bit = 0) {
  std::vector<std::uint16_t> values(count);
  const unsigned mask = (1u << s.bits) - 1u;
  for (std::size_t i = 0; i < count; ++i) {
    unsigned value = 0;
    if (s.allocated == 1) {
      value = bytes[(first_bit + i) / 8] >> ((first_bit + i) % 8) & 1u;
    } else if (s.allocated == 8) {
      value = bytes[i];
    } else {
      std::uint16_t word = 0;
      std::memcpy(&word, bytes + 2 * i, sizeof word);
      value = word;
    }
    values[i] = static_cast<std::uint16_t>(value >> s.low_bit & mask);
  }
  return values;
}

/// Samples of a frame that is not compressed.
std::uint64_t native_count(const Stored& s) {
  const std::uint64_t area = std::uint64_t(s.height) * std::uint64_t(s.width);
  // Of YBR_FULL_422 two pixels share their colours.
  return s.colours == "YBR_FULL_422" ? area * 2 : area * std::uint64_t(s.samples);
}

/// The pixel data, with as many frames as the header claims.
struct Pixels {
  DcmElement* element = nullptr;
  Stored stored;
  int frames = 1;
  bool compressed = false;
};

Pixels find_pixels(Dicom& dicom) {
  Pixels found;
  DMF_CHECK(dicom.data().findAndGetElement(DCM_PixelData, found.element).good() &&
                found.element != nullptr,
            IoError, "[image] {} is a DICOM without pixels.", dicom.name());
  found.stored = read_stored(dicom);
  found.frames = dicom.frames();
  const E_TransferSyntax syntax = dicom.data().getOriginalXfer();
  found.compressed = DcmXfer(syntax).isEncapsulated();
  const auto frames = static_cast<std::uint64_t>(found.frames);
  if (found.compressed) {
    auto* pixels = dynamic_cast<DcmPixelData*>(found.element);
    DcmPixelSequence* fragments = nullptr;
    DMF_CHECK(pixels != nullptr &&
                  pixels->getEncapsulatedRepresentation(syntax, nullptr, fragments).good() &&
                  fragments != nullptr,
              IoError, "[image] {} is a damaged DICOM: no compressed pixels.", dicom.name());
    DMF_CHECK(frames < fragments->card(), IoError,  // the first fragment is a table
              "[image] {} is a damaged DICOM: {} frames in {} fragments of pixels.", dicom.name(),
              frames, fragments->card());
    return found;
  }
  const std::uint64_t bits = native_count(found.stored) * std::uint64_t(found.stored.allocated),
                      end = (frames * bits + 7) / 8;
  DMF_CHECK(
      end <= found.element->getLength(), IoError,
      "[image] {} is a damaged DICOM: it ends early, with {} bytes of pixels where its header asks "
      "for {}.",
      dicom.name(), found.element->getLength(), end);
  return found;
}

std::vector<std::uint16_t> read_native(Dicom& dicom, DcmElement& pixels, const Stored& s,
                                       int frame) {
  const std::uint64_t count = native_count(s);
  const std::uint64_t first_bit = std::uint64_t(frame) * count * std::uint64_t(s.allocated);
  Uint8* bytes = nullptr;
  const OFCondition got = pixels.getUint8Array(bytes);
  DMF_CHECK(got.good() && bytes != nullptr, IoError,
            "[image] {} is a damaged DICOM: its pixels cannot be read ({}).", dicom.name(),
            got.text());
  return s.allocated == 1 ? unpacked(bytes, count, s, first_bit)
                          : unpacked(bytes + first_bit / 8, count, s);
}

/// A decoder may change the colours and the order of the samples: `s` says so then.
std::vector<std::uint16_t> read_compressed(Dicom& dicom, DcmPixelData& pixels, Stored& s,
                                           int frame) {
  const E_TransferSyntax syntax = dicom.data().getOriginalXfer();
  DMF_CHECK(
      DcmCodecList::canChangeCoding(syntax, EXS_LittleEndianExplicit), IoError,
      "[image] {} is a DICOM compressed as {}, which is not read: decompress it or save it as PNG.",
      dicom.name(), DcmXfer(syntax).getXferName());
  const std::size_t count = std::size_t(s.height) * std::size_t(s.width) * std::size_t(s.samples);
  const std::size_t bytes = count * std::size_t(s.allocated) / 8;
  std::vector<std::uint8_t> buffer(bytes + bytes % 2);
  Uint32 fragment = 0;
  OFString colours;
  const OFCondition got =
      pixels.getUncompressedFrame(&dicom.data(), static_cast<Uint32>(frame), fragment,
                                  buffer.data(), static_cast<Uint32>(buffer.size()), colours);
  DMF_CHECK(got.good(), IoError,
            "[image] {} is a damaged DICOM: its pixels cannot be decoded ({}).", dicom.name(),
            got.text());
  s.colours.assign(colours.c_str(), colours.length());
  if (syntax != EXS_RLELossless) s.planes = false;
  return unpacked(buffer.data(), count, s);
}

/// Red, green, blue of a pixel in the colours that JPEG uses.
///
/// source  ITU-T T.871, 7
std::array<std::uint16_t, 3> to_rgb(double y, double cb, double cr) {
  const auto byte = [](double value) {
    return static_cast<std::uint16_t>(std::clamp(std::lround(value), 0L, 255L));
  };
  return {byte(y + 1.402 * (cr - 128)), byte(y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128)),
          byte(y + 1.772 * (cb - 128))};
}

/// Interleaved RGB of what is stored in three samples a pixel.
std::vector<std::uint16_t> colours_of(const std::vector<std::uint16_t>& values, const Stored& s,
                                      std::string_view name) {
  const std::size_t area = std::size_t(s.height) * std::size_t(s.width);
  const bool halved = s.colours == "YBR_FULL_422";
  const bool ybr = halved || s.colours == "YBR_FULL";
  DMF_CHECK(s.colours == "RGB" || (ybr && s.bits == 8), IoError,
            "[image] {} is a DICOM of {} bits in the colours {}, which is not read: RGB is, and "
            "YBR_FULL and YBR_FULL_422 of 8 bits are.",
            name, s.bits, s.colours);
  std::vector<std::uint16_t> samples;
  samples.reserve(3 * area);
  for (std::size_t i = 0; i < area; ++i) {
    std::array<std::uint16_t, 3> pixel{};
    if (halved && values.size() == 2 * area) {  // Y Y Cb Cr
      const std::size_t pair = i / 2 * 4;
      pixel = {values[pair + i % 2], values[pair + 2], values[pair + 3]};
    } else {
      for (std::size_t c = 0; c < 3; ++c)
        pixel[c] = s.planes ? values[c * area + i] : values[3 * i + c];
    }
    if (ybr) pixel = to_rgb(pixel[0], pixel[1], pixel[2]);
    samples.insert(samples.end(), pixel.begin(), pixel.end());
  }
  return samples;
}

/// One colour of the palette, 8 bits an entry.
///
/// source  DICOM PS3.3, C.7.6.3.1.5 and C.7.6.3.1.6
std::vector<std::uint8_t> palette_part(Dicom& dicom, const DcmTagKey& descriptor,
                                       const DcmTagKey& table, int& first) {
  constexpr std::size_t kMostColours = 256;
  std::array<std::uint16_t, 3> about{};
  for (unsigned long k = 0; k < 3; ++k) {
    Uint16 value = 0;
    Sint16 signed_value = 0;
    if (dicom.data().findAndGetUint16(descriptor, value, k).bad() &&
        dicom.data().findAndGetSint16(descriptor, signed_value, k).good()) {
      value = static_cast<Uint16>(signed_value);
    }
    about[k] = value;
  }
  const std::size_t colours = about[0];
  first = about[1];
  const Uint16* words = nullptr;
  unsigned long count = 0;
  const OFCondition got = dicom.data().findAndGetUint16Array(table, words, &count);
  DMF_CHECK(got.good() && words != nullptr && colours >= 1 && colours <= kMostColours &&
                count >= (colours + 1) / 2,
            IoError,
            "[image] {} is a DICOM with a palette of {} colours in {} words, which is not read: 1 "
            "to {} are.",
            dicom.name(), colours, count, kMostColours);
  std::vector<std::uint8_t> part;
  for (std::size_t k = 0; k < colours; ++k) {
    if (count < colours) {  // two entries a word
      part.push_back(static_cast<std::uint8_t>(words[k / 2] >> (k % 2 * 8) & 0xff));
    } else {
      part.push_back(static_cast<std::uint8_t>(about[2] > 8 ? words[k] >> 8 : words[k] & 0xff));
    }
  }
  return part;
}

void apply_palette_of(Dicom& dicom, RawImage& raw, const std::vector<std::uint16_t>& values) {
  int first = 0;
  const auto red = palette_part(dicom, DCM_RedPaletteColorLookupTableDescriptor,
                                DCM_RedPaletteColorLookupTableData, first),
             green = palette_part(dicom, DCM_GreenPaletteColorLookupTableDescriptor,
                                  DCM_GreenPaletteColorLookupTableData, first),
             blue = palette_part(dicom, DCM_BluePaletteColorLookupTableDescriptor,
                                 DCM_BluePaletteColorLookupTableData, first);
  const std::size_t colours = std::min({red.size(), green.size(), blue.size()});
  for (std::size_t k = 0; k < colours; ++k) raw.palette.push_back({red[k], green[k], blue[k], 255});
  for (const std::uint16_t value : values) {  // beyond either end the last colour there holds
    raw.indices.push_back(static_cast<std::uint8_t>(
        std::clamp<int>(value - first, 0, static_cast<int>(colours) - 1)));
  }
  apply_palette(raw, false, dicom.name());
}

/// Millimetres between rows and between columns: PixelSpacing, or what all ultrasound regions that
/// are measured in centimetres agree on.
std::optional<Spacing> read_spacing(Dicom& dicom) {
  const auto sound = [](double value) { return std::isfinite(value) && value > 0.0; };
  Float64 rows = 0.0, columns = 0.0;
  if (dicom.data().findAndGetFloat64(DCM_PixelSpacing, rows, 0).good() &&
      dicom.data().findAndGetFloat64(DCM_PixelSpacing, columns, 1).good() && sound(rows) &&
      sound(columns)) {
    return Spacing{rows, columns};
  }
  constexpr Uint16 kCentimetres = 3;
  std::optional<Spacing> agreed;
  DcmSequenceOfItems* regions = nullptr;
  if (dicom.data().findAndGetSequence(DCM_SequenceOfUltrasoundRegions, regions).bad())
    return std::nullopt;
  for (DcmObject* next = nullptr; (next = regions->nextInContainer(next)) != nullptr;) {
    auto* region = dynamic_cast<DcmItem*>(next);
    if (region == nullptr) continue;
    Uint16 unit_x = 0, unit_y = 0;
    region->findAndGetUint16(DCM_PhysicalUnitsXDirection, unit_x);
    region->findAndGetUint16(DCM_PhysicalUnitsYDirection, unit_y);
    if (unit_x != kCentimetres || unit_y != kCentimetres ||
        region->findAndGetFloat64(DCM_PhysicalDeltaX, columns).bad() ||
        region->findAndGetFloat64(DCM_PhysicalDeltaY, rows).bad()) {
      continue;
    }
    const Spacing found{10.0 * std::abs(rows), 10.0 * std::abs(columns)};
    if (!sound(found[0]) || !sound(found[1]) || (agreed && agreed != found)) return std::nullopt;
    agreed = found;
  }
  return agreed;
}

}  // namespace

const bool kDicomBuiltIn = true;

RawImage decode_dicom(std::string_view bytes, std::string_view name, int frame) {
  Dicom dicom(bytes, name);
  auto [element, stored, frames, compressed] = find_pixels(dicom);
  DMF_CHECK(frame >= 0 && frame < frames, IoError,
            "[image] {} has no frame {}: it holds {}, counted from 0.", name, frame, frames);
  std::vector<std::uint16_t> values =
      compressed ? read_compressed(dicom, dynamic_cast<DcmPixelData&>(*element), stored, frame)
                 : read_native(dicom, *element, stored, frame);
  RawImage raw{stored.height, stored.width, stored.samples};
  raw.bits = stored.bits;
  raw.largest = (1 << stored.bits) - 1;
  const bool inverted = stored.colours == "MONOCHROME1";
  if (stored.samples == 3) {
    raw.samples = colours_of(values, stored, name);
  } else if (stored.colours == "PALETTE COLOR") {
    apply_palette_of(dicom, raw, values);
  } else {
    DMF_CHECK(
        inverted || stored.colours == "MONOCHROME2", IoError,
        "[image] {} is a DICOM with one sample a pixel in the colours '{}': expected MONOCHROME1, "
        "MONOCHROME2 or PALETTE COLOR.",
        name, stored.colours);
    for (std::uint16_t& value : values) {
      int shown = value;
      if (stored.is_signed) shown ^= 1 << (stored.bits - 1);  // the lowest number becomes 0
      value = static_cast<std::uint16_t>(inverted ? raw.largest - shown : shown);
    }
    raw.samples = std::move(values);
    if (stored.is_signed) {
      raw.warnings.push_back(
          fmt::format("holds signed numbers: {} is added to each", 1 << (stored.bits - 1)));
    }
  }
  raw.spacing = read_spacing(dicom);
  const std::string patient = dicom.text(DCM_PatientID);
  if (!patient.empty()) raw.patient = hash_of(patient);
  return raw;
}

int dicom_frames(std::string_view bytes, std::string_view name) {
  Dicom dicom(bytes, name);
  return find_pixels(dicom).frames;
}

}  // namespace dmf
