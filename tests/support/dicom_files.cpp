#include "tests/support/dicom_files.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcrleerg.h>
#include <dcmtk/dcmdata/dcrlerp.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmjpeg/djencode.h>
#include <dcmtk/dcmjpeg/djrplol.h>
#include <dcmtk/dcmjpls/djencode.h>
#include <dcmtk/dcmjpls/djrparam.h>

#include <stdexcept>

#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

void require(const OFCondition& done) {
  if (done.bad()) throw std::logic_error(std::string("encode_dicom: ") + done.text());
}

void register_encoders() {
  [[maybe_unused]] static const bool done = [] {
    DJEncoderRegistration::registerCodecs();
    DJLSEncoderRegistration::registerCodecs();
    DcmRLEEncoderRegistration::registerCodecs();
    return true;
  }();
}

void put(DcmItem& item, const DcmTagKey& tag, int value) {
  require(item.putAndInsertUint16(tag, static_cast<Uint16>(value)));
}

/// All frames' samples as the bytes of the pixel data, low byte first; padded to an even number.
std::vector<Uint8> pixel_bytes(const std::vector<Drawing>& frames, int allocated,
                               const DicomHeader& header) {
  std::vector<unsigned> values;
  for (const Drawing& d : frames) {
    const auto C = static_cast<std::size_t>(d.channels), area = d.samples.size() / C;
    for (std::size_t i = 0; i < d.samples.size(); ++i) {
      values.push_back(d.samples[header.planes ? i % area * C + i / area : i]);
    }
  }
  std::vector<Uint8> bytes((values.size() * static_cast<std::size_t>(allocated) + 15) / 16 * 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned value = values[i] << header.low_bit;
    if (allocated == 1) {
      bytes[i / 8] = static_cast<Uint8>(bytes[i / 8] | value << (i % 8));
    } else if (allocated == 8) {
      bytes[i] = static_cast<Uint8>(value);
    } else {
      bytes[2 * i] = static_cast<Uint8>(value & 0xffu);
      bytes[2 * i + 1] = static_cast<Uint8>(value >> 8);
    }
  }
  return bytes;
}

void put_pixels(DcmDataset& data, const std::vector<Uint8>& bytes, int allocated) {
  if (allocated <= 8) {
    require(data.putAndInsertUint8Array(DCM_PixelData, bytes.data(),
                                        static_cast<unsigned long>(bytes.size())));
    return;
  }
  std::vector<Uint16> words;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    words.push_back(static_cast<Uint16>(bytes[i] | bytes[i + 1] << 8));
  }
  require(data.putAndInsertUint16Array(DCM_PixelData, words.data(),
                                       static_cast<unsigned long>(words.size())));
}

void put_regions(DcmDataset& data, const std::array<double, 2>& cm) {
  for (signed long k = 0; k < 2; ++k) {
    DcmItem* region = nullptr;
    require(data.findOrCreateSequenceItem(DCM_SequenceOfUltrasoundRegions, region, k));
    put(*region, DCM_PhysicalUnitsXDirection, 3);
    put(*region, DCM_PhysicalUnitsYDirection, 3);
    require(region->putAndInsertFloat64(DCM_PhysicalDeltaY, cm[0]));
    require(region->putAndInsertFloat64(DCM_PhysicalDeltaX, cm[1]));
  }
}

E_TransferSyntax compress(DcmDataset& data, const std::string& how) {
  register_encoders();
  const auto to = [&](E_TransferSyntax syntax, const DcmRepresentationParameter& parameter) {
    require(data.chooseRepresentation(syntax, &parameter));
    if (!data.canWriteXfer(syntax)) throw std::logic_error("encode_dicom: cannot write");
    return syntax;
  };
  if (how == "RLE") return to(EXS_RLELossless, DcmRLERepresentationParameter());
  if (how == "JPEG") return to(EXS_JPEGProcess14SV1, DJ_RPLossless());
  if (how == "JPEG-LS") return to(EXS_JPEGLSLossless, DJLSRepresentationParameter(0, OFTrue));
  return EXS_LittleEndianExplicit;
}

std::string encode(DcmFileFormat& file, const std::vector<Drawing>& frames, DicomHeader header) {
  const Drawing& first = frames.front();
  DcmDataset& data = *file.getDataset();
  const int allocated = header.allocated > 0              ? header.allocated
                        : first.bits + header.low_bit > 8 ? 16
                                                          : 8;
  if (header.colours.empty()) header.colours = first.channels == 3 ? "RGB" : "MONOCHROME2";
  require(data.putAndInsertString(DCM_SOPClassUID, UID_UltrasoundMultiframeImageStorage));
  require(data.putAndInsertString(DCM_SOPInstanceUID, "1.2.3"));
  put(data, DCM_Rows, first.height);
  put(data, DCM_Columns, first.width);
  put(data, DCM_SamplesPerPixel, first.channels);
  put(data, DCM_BitsAllocated, allocated);
  put(data, DCM_BitsStored, first.bits);
  put(data, DCM_HighBit, header.low_bit + first.bits - 1);
  put(data, DCM_PixelRepresentation, header.is_signed ? 1 : 0);
  if (first.channels == 3) put(data, DCM_PlanarConfiguration, header.planes ? 1 : 0);
  require(data.putAndInsertString(DCM_PhotometricInterpretation, header.colours.c_str()));
  if (frames.size() > 1) {
    require(data.putAndInsertString(DCM_NumberOfFrames, std::to_string(frames.size()).c_str()));
  }
  if (!header.patient.empty()) {
    require(data.putAndInsertString(DCM_PatientID, header.patient.c_str()));
  }
  if (!header.person.empty()) {
    for (const DcmTagKey& tag :
         {DCM_PatientName, DCM_OtherPatientNames, DCM_PatientComments, DCM_PatientAddress,
          DCM_InstitutionName, DCM_ReferringPhysicianName, DCM_OperatorsName, DCM_StationName,
          DCM_StudyDescription, DCM_SeriesDescription, DCM_AccessionNumber, DCM_StudyID}) {
      require(data.putAndInsertString(tag, header.person.c_str()));
    }
    require(data.putAndInsertString(DcmTag(0x0009, 0x0010, EVR_LO), header.person.c_str()));
  }
  if (!header.spacing.empty()) {
    require(data.putAndInsertString(DCM_PixelSpacing, header.spacing.c_str()));
  }
  if (header.region) put_regions(data, *header.region);
  put_pixels(data, pixel_bytes(frames, allocated, header), allocated);
  const E_TransferSyntax syntax = compress(data, header.compression);
  const TemporaryFolder folder;
  require(file.saveFile((folder / "a.dcm").c_str(), syntax));
  return read_text(folder / "a.dcm");
}

}  // namespace

std::string encode_dicom(const std::vector<Drawing>& frames, const DicomHeader& header) {
  DcmFileFormat file;
  return encode(file, frames, header);
}

std::string encode_dicom_palette(const PaletteDrawing& d, const DicomHeader& header) {
  DcmFileFormat file;
  const std::array tables{
      std::pair{DCM_RedPaletteColorLookupTableDescriptor, DCM_RedPaletteColorLookupTableData},
      std::pair{DCM_GreenPaletteColorLookupTableDescriptor, DCM_GreenPaletteColorLookupTableData},
      std::pair{DCM_BluePaletteColorLookupTableDescriptor, DCM_BluePaletteColorLookupTableData}};
  for (std::size_t c = 0; c < 3; ++c) {
    const std::array<Uint16, 3> about{static_cast<Uint16>(d.palette.size()), 0, 16};
    std::vector<Uint16> entries;
    for (const auto& colour : d.palette) entries.push_back(static_cast<Uint16>(colour[c] * 257));
    require(file.getDataset()->putAndInsertUint16Array(DcmTag(tables[c].first, EVR_US),
                                                       about.data(), 3));
    require(file.getDataset()->putAndInsertUint16Array(DcmTag(tables[c].second, EVR_OW),
                                                       entries.data(),
                                                       static_cast<unsigned long>(entries.size())));
  }
  DicomHeader named = header;
  named.colours = "PALETTE COLOR";
  return encode(file, {{d.height, d.width, 1, 8, {d.indices.begin(), d.indices.end()}}}, named);
}

}  // namespace dmf
