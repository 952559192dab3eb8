// In place of tiff.cpp where libtiff is not installed.
#include "apps/image/codecs/decoders.h"
#include "engine/core/check.h"

namespace dmf {

const bool kTiffBuiltIn = false;

RawImage decode_tiff(std::string_view, std::string_view name) {
  throw IoError(fmt::format(
      "[image] {} is a TIFF, which this build does not read: install libtiff-dev and build again.",
      name));
}

}  // namespace dmf
