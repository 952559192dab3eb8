// In place of dicom.cpp where DCMTK is not installed.
#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

[[noreturn]] void refuse(std::string_view name) {
  throw IoError(
      fmt::format("[image] {} is a DICOM, which this build does not read: install libdcmtk-dev and "
                  "build again.",
                  name));
}

}  // namespace

const bool kDicomBuiltIn = false;

RawImage decode_dicom(std::string_view, std::string_view name, int) {
  refuse(name);
}

int dicom_frames(std::string_view, std::string_view name) {
  refuse(name);
}

}  // namespace dmf
