#include "apps/image/codecs/dicom_check.h"

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcvr.h>

#include <algorithm>
#include <array>
#include <optional>

#include "apps/image/codecs/bytes.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr std::uint32_t kUndefined = 0xffffffff;

constexpr std::uint32_t tag_of(std::uint32_t group, std::uint32_t element) {
  return group << 16 | element;
}
std::uint32_t tag_of(const DcmTagKey& key) {
  return tag_of(key.getGroup(), key.getElement());
}

constexpr std::uint32_t kItem = tag_of(0xfffe, 0xe000), kItemEnd = tag_of(0xfffe, 0xe00d),
                        kSequenceEnd = tag_of(0xfffe, 0xe0dd);

/// Single values of the data set that are taken out.
bool is_wanted(std::uint32_t tag) {
  static const std::array wanted{tag_of(DCM_PatientID),
                                 tag_of(DCM_SamplesPerPixel),
                                 tag_of(DCM_PhotometricInterpretation),
                                 tag_of(DCM_PlanarConfiguration),
                                 tag_of(DCM_NumberOfFrames),
                                 tag_of(DCM_Rows),
                                 tag_of(DCM_Columns),
                                 tag_of(DCM_PixelSpacing),
                                 tag_of(DCM_BitsAllocated),
                                 tag_of(DCM_BitsStored),
                                 tag_of(DCM_HighBit),
                                 tag_of(DCM_PixelRepresentation),
                                 tag_of(DCM_RedPaletteColorLookupTableDescriptor),
                                 tag_of(DCM_GreenPaletteColorLookupTableDescriptor),
                                 tag_of(DCM_BluePaletteColorLookupTableDescriptor),
                                 tag_of(DCM_RedPaletteColorLookupTableData),
                                 tag_of(DCM_GreenPaletteColorLookupTableData),
                                 tag_of(DCM_BluePaletteColorLookupTableData),
                                 tag_of(DCM_PhysicalUnitsXDirection),
                                 tag_of(DCM_PhysicalUnitsYDirection),
                                 tag_of(DCM_PhysicalDeltaX),
                                 tag_of(DCM_PhysicalDeltaY)};
  return std::find(wanted.begin(), wanted.end(), tag) != wanted.end();
}

struct Encoding {
  bool explicit_vr = true, big_endian = false;
};

/// One element, or an item or the end of one or of a sequence, which are encoded alike.
struct Header {
  std::size_t at = 0, value_at = 0;
  std::uint32_t tag = 0, length = 0;
  std::string vr;  // empty where it is not encoded
  bool is_part() const { return tag == kItem || tag == kItemEnd || tag == kSequenceEnd; }
  /// A value that DCMTK parses as items; of unknown kind and known length it is not looked into.
  bool holds_items() const {
    return vr.empty() || vr == "SQ" || (vr == "UN" && length == kUndefined);
  }
};

class Walk {
 public:
  Walk(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  DicomElements run() {
    if (bytes_.size() >= 132 && bytes_.substr(128, 4) == "DICM") at_ = 132;
    DicomElements found;
    found.syntax = syntax_ = read_syntax();
    const DcmXfer syntax(found.syntax);
    const Encoding encoding{syntax.isExplicitVR(), syntax.isBigEndian()};
    while (at_ < bytes_.size()) {
      const Header header = read_header(encoding);
      require_element(header);
      if (header.tag == tag_of(DCM_PixelData)) {
        copy_pixels(header, encoding, found.bytes);
      } else if (header.tag == tag_of(DCM_SequenceOfUltrasoundRegions) && header.holds_items()) {
        copy_items(header, encoding, found.bytes);
      } else {
        copy_value(header, encoding, found.bytes, 0);
      }
    }
    return found;
  }

 private:
  static constexpr int kDeepest = 64;

  std::string described(const Header& header) const {
    return fmt::format("({:04x},{:04x}) at byte {}", header.tag >> 16, header.tag & 0xffff,
                       header.at);
  }

  std::uint32_t number(std::size_t at, std::size_t count, Encoding encoding) const {
    return encoding.big_endian ? big_endian(bytes_, at, count) : little_endian(bytes_, at, count);
  }

  void require(std::size_t count) const {
    DMF_CHECK(bytes_.size() - at_ >= count, IoError,
              "[image] {} is a damaged DICOM: it ends early, at byte {} where an element begins.",
              name_, at_);
  }

  /// Stands behind the header then. The value of a defined length is there.
  Header read_header(Encoding encoding) {
    require(8);
    Header header;
    header.at = at_;
    header.tag = tag_of(number(at_, 2, encoding), number(at_ + 2, 2, encoding));
    if (!encoding.explicit_vr || header.is_part()) {
      header.length = number(at_ + 4, 4, encoding);
      header.value_at = at_ + 8;
    } else {
      header.vr = bytes_.substr(at_ + 4, 2);
      if (DcmVR(header.vr.c_str()).usesExtendedLengthEncoding()) {
        require(12);
        header.length = number(at_ + 8, 4, encoding);
        header.value_at = at_ + 12;
      } else {
        header.length = number(at_ + 6, 2, encoding);
        header.value_at = at_ + 8;
      }
    }
    at_ = header.value_at;
    DMF_CHECK(header.length == kUndefined || header.length <= bytes_.size() - at_, IoError,
              "[image] {} is a damaged DICOM: the element {} claims {} bytes, more than follow.",
              name_, described(header), header.length);
    return header;
  }

  void require_element(const Header& header) const {
    DMF_CHECK(!header.is_part(), IoError,
              "[image] {} is a damaged DICOM: {} where an element is expected.", name_,
              described(header));
  }

  /// A sequence that is not called one is encoded implicitly, whatever is around it.
  static Encoding inside(const Header& header, Encoding encoding) {
    return header.vr.empty() || header.vr == "SQ" ? encoding : Encoding{false, false};
  }

  /// The item that begins here, or nothing where the sequence ends. Stands behind its header.
  std::optional<Header> read_item(const Header& sequence, Encoding encoding) {
    if (sequence.length != kUndefined && at_ >= sequence.value_at + sequence.length) {
      DMF_CHECK(at_ == sequence.value_at + sequence.length, IoError,
                "[image] {} is a damaged DICOM: the items of {} are longer than its {} bytes.",
                name_, described(sequence), sequence.length);
      return std::nullopt;
    }
    const Header item = read_header(encoding);
    if (item.tag == kSequenceEnd) {
      at_ = item.value_at;
      return std::nullopt;
    }
    DMF_CHECK(item.tag == kItem, IoError,
              "[image] {} is a damaged DICOM: {} where an item of {} is expected.", name_,
              described(item), described(sequence));
    return item;
  }

  /// Calls `use` for each element of an item. Stands behind the item then.
  template <class Use>
  void for_each_element(const Header& item, Encoding encoding, const Use& use) {
    const std::size_t end = item.length == kUndefined ? bytes_.size() : item.value_at + item.length;
    while (item.length == kUndefined || at_ < end) {
      const Header header = read_header(encoding);
      if (header.tag == kItemEnd && item.length == kUndefined) return;
      require_element(header);
      use(header);
    }
    DMF_CHECK(at_ == end, IoError,
              "[image] {} is a damaged DICOM: the elements of {} are longer than its {} bytes.",
              name_, described(item), item.length);
  }

  /// Stands behind the element then. What says its length is not looked into.
  void skip(const Header& header, Encoding encoding, int depth) {
    if (header.length != kUndefined) {
      at_ = header.value_at + header.length;
      return;
    }
    DMF_CHECK(depth < kDeepest, IoError,
              "[image] {} is a DICOM with sequences nested deeper than {} at byte {}.", name_,
              kDeepest, header.at);
    const Encoding within = inside(header, encoding);
    while (const auto item = read_item(header, within)) {
      if (item->length != kUndefined) {
        at_ = item->value_at + item->length;
      } else {
        for_each_element(*item, within,
                         [&](const Header& element) { skip(element, within, depth + 1); });
      }
    }
  }

  void copy_value(const Header& header, Encoding encoding, std::string& to, int depth) {
    const bool wanted = is_wanted(header.tag);
    DMF_CHECK(!wanted || (header.length != kUndefined && header.vr != "SQ"), IoError,
              "[image] {} is a damaged DICOM: the element {} is a sequence, expected a value.",
              name_, described(header));
    skip(header, encoding, depth);
    if (wanted) to += bytes_.substr(header.at, at_ - header.at);
  }

  /// A fragment of run lengths begins with 64 bytes: how many segments follow, at most 15, and where
  /// each begins. DCMTK reads wherever these point.
  void check_runs(const Header& fragment) const {
    constexpr std::size_t kHeader = 64, kMost = 15;
    const auto number_at = [&](std::size_t k) {
      return std::size_t{little_endian(bytes_, fragment.value_at + 4 * k, 4)};
    };
    bool sound = fragment.length >= kHeader && number_at(0) >= 1 && number_at(0) <= kMost &&
                 number_at(1) == kHeader;
    for (std::size_t k = 2; sound && k <= number_at(0); ++k) {
      sound = number_at(k) >= number_at(k - 1) && number_at(k) <= fragment.length;
    }
    DMF_CHECK(sound, IoError,
              "[image] {} is a damaged DICOM: the runs of {} do not lie in it. Export it again, or "
              "save it as PNG.",
              name_, described(fragment));
  }

  void copy_pixels(const Header& header, Encoding encoding, std::string& to) {
    const bool defined = header.length != kUndefined;
    DMF_CHECK(
        defined ? header.vr != "SQ" : header.vr.empty() || header.vr == "OB" || header.vr == "OW",
        IoError, "[image] {} is a damaged DICOM: the pixels {} are a sequence.", name_,
        described(header));
    if (defined) {
      at_ = header.value_at + header.length;
    } else {
      bool is_pixels = false;  // the first fragment says where each frame begins
      while (const auto fragment = read_item(header, encoding)) {
        DMF_CHECK(fragment->length != kUndefined, IoError,
                  "[image] {} is a damaged DICOM: the pixels' fragment {} has no length.", name_,
                  described(*fragment));
        if (is_pixels && syntax_ == EXS_RLELossless) check_runs(*fragment);
        is_pixels = true;
        at_ = fragment->value_at + fragment->length;
      }
    }
    to += bytes_.substr(header.at, at_ - header.at);
  }

  /// With the wanted values of each item alone, so that the lengths are undefined in the copy.
  void copy_items(const Header& header, Encoding encoding, std::string& to) {
    const Encoding within = inside(header, encoding);
    const auto put = [&](std::uint32_t value, std::size_t count) {
      for (std::size_t k = 0; k < count; ++k) {
        const std::size_t byte = within.big_endian ? count - 1 - k : k;
        to += static_cast<char>(value >> (8 * byte) & 0xff);
      }
    };
    const auto put_part = [&](std::uint32_t tag, std::uint32_t length) {
      put(tag >> 16, 2);
      put(tag & 0xffff, 2);
      put(length, 4);
    };
    to += bytes_.substr(header.at, header.value_at - header.at - 4);
    put(kUndefined, 4);
    while (const auto item = read_item(header, within)) {
      put_part(kItem, kUndefined);
      for_each_element(*item, within,
                       [&](const Header& element) { copy_value(element, within, to, 1); });
      put_part(kItemEnd, 0);
    }
    put_part(kSequenceEnd, 0);
  }

  /// The two letters of an explicitly encoded kind of value.
  bool looks_explicit() const {
    const auto letter = [&](std::size_t k) { return bytes_[k] >= 'A' && bytes_[k] <= 'Z'; };
    return bytes_.size() - at_ >= 8 && letter(at_ + 4) && letter(at_ + 5);
  }

  /// Stands at the data set then.
  E_TransferSyntax read_syntax() {
    std::string id;
    const Encoding encoding{looks_explicit(), false};
    while (bytes_.size() - at_ >= 2 && little_endian(bytes_, at_, 2) == 2) {
      const Header header = read_header(encoding);
      skip(header, encoding, 0);
      if (header.tag == tag_of(DCM_TransferSyntaxUID))
        id = bytes_.substr(header.value_at, at_ - header.value_at);
    }
    id.erase(id.find_last_not_of(std::string(" \0", 2)) + 1);
    DMF_CHECK(id.find_first_not_of("0123456789.") == std::string::npos, IoError,
              "[image] {} is a damaged DICOM: its transfer syntax is no number.", name_);
    if (id.empty()) return looks_explicit() ? EXS_LittleEndianExplicit : EXS_LittleEndianImplicit;
    const DcmXfer syntax(id.c_str());
    DMF_CHECK(syntax.getXfer() != EXS_Unknown, IoError,
              "[image] {} is a DICOM in the transfer syntax {}, which is not read: save it as PNG.",
              name_, id);
    DMF_CHECK(syntax.getStreamCompression() == ESC_none, IoError,
              "[image] {} is a DICOM compressed as {}, which is not read: decompress it or save it "
              "as PNG.",
              name_, syntax.getXferName());
    return syntax.getXfer();
  }

  std::string_view bytes_, name_;
  std::size_t at_ = 0;
  E_TransferSyntax syntax_ = EXS_Unknown;
};

}  // namespace

DicomElements check_dicom(std::string_view bytes, std::string_view name) {
  return Walk(bytes, name).run();
}

}  // namespace dmf
