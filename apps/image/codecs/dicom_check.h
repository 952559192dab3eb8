#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <string>
#include <string_view>

namespace dmf {

/// What of a DICOM file is looked at, for DCMTK to parse as a data set.
struct DicomElements {
  E_TransferSyntax syntax = EXS_Unknown;
  std::string bytes;  // whole elements of the data set, in the file's order and encoding
};

/// Walks over all elements of a DICOM file and takes out those of its pixels: the pixel data and
/// what its layout, colours, size in millimetres and patient's id are. DCMTK allocates whatever
/// length an element claims and follows sequences to any depth, so it sees these alone, none of
/// which is longer than the file or deeper than the items of the ultrasound regions. Without a
/// transfer syntax in the file, it is one of the two uncompressed ones whose lowest byte is first.
///
/// throws  IoError for an element, item or sequence that ends beyond the file, for sequences nested
///         deeper than 64, for a single value that is a sequence, for run lengths that point out of
///         their fragment, and for a transfer syntax that DCMTK does not know or whose elements are
///         compressed all together
/// source  DICOM PS3.5, 7, annex A and G.5; PS3.10, 7.1
DicomElements check_dicom(std::string_view bytes, std::string_view name);

}  // namespace dmf
