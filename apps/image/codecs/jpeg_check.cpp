#include "apps/image/codecs/jpeg_check.h"

#include <algorithm>
#include <array>
#include <map>

#include "apps/image/codecs/bytes.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

constexpr int kSOF0 = 0xc0, kDHT = 0xc4, kJPG = 0xc8, kDAC = 0xcc, kSOF15 = 0xcf, kRST0 = 0xd0,
              kRST7 = 0xd7, kSOI = 0xd8, kEOI = 0xd9, kSOS = 0xda, kAPP1 = 0xe1, kTEM = 0x01;

/// How far each coefficient of each component was sent: the bits still missing, or `kNothing`.
class SentCoefficients {
 public:
  void add_component(int id) { missing_[id].fill(kNothing); }
  void add_scan(int id, int first, int last, int low_bits) {
    const auto component = missing_.find(id);
    if (component == missing_.end()) return;
    for (int k = first; k <= std::min(last, 63); ++k) {
      component->second[static_cast<std::size_t>(k)] = low_bits;
    }
  }
  bool complete() const {
    return std::all_of(missing_.begin(), missing_.end(), [](const auto& component) {
      return std::all_of(component.second.begin(), component.second.end(),
                         [](int bits) { return bits == 0; });
    });
  }

 private:
  static constexpr int kNothing = 99;
  std::map<int, std::array<int, 64>> missing_;
};

void read_frame(JpegFacts& facts, SentCoefficients& sent, int marker, std::string_view segment,
                std::string_view name) {
  DMF_CHECK(facts.width == 0, IoError, "[image] {} is a damaged JPEG: it has two frames.", name);
  DMF_CHECK(segment.size() >= 6, IoError, "[image] {} is a damaged JPEG: a frame of {} bytes.",
            name, segment.size());
  const std::size_t components = big_endian(segment, 5, 1);
  DMF_CHECK(segment.size() >= 6 + 3 * components, IoError,
            "[image] {} is a damaged JPEG: a frame of {} bytes for {} components.", name,
            segment.size(), components);
  const std::uint32_t bits = big_endian(segment, 0, 1);
  DMF_CHECK(marker <= 0xc2, IoError,
            "[image] {} is a JPEG with {}, which is not read: save it as PNG.", name,
            marker == 0xc3   ? "lossless coding"
            : marker >= 0xc9 ? "arithmetic coding"
                             : "hierarchical coding");
  DMF_CHECK(
      bits == 8, IoError,
      "[image] {} is a JPEG with {} bits a sample, which is not read (8 are): save it as PNG.",
      name, bits);
  facts.height = big_endian(segment, 1, 2);
  facts.width = big_endian(segment, 3, 2);
  for (std::size_t c = 0; c < components; ++c) {
    sent.add_component(static_cast<int>(big_endian(segment, 6 + 3 * c, 1)));
  }
}

void read_scan(SentCoefficients& sent, std::string_view segment, bool progressive) {
  const std::size_t components = segment.empty() ? 0 : big_endian(segment, 0, 1);
  if (segment.size() < 4 + 2 * components) return;  // the decoder says so
  const auto field = [&](std::size_t at) { return static_cast<int>(big_endian(segment, at, 1)); };
  for (std::size_t c = 0; c < components; ++c) {
    const std::size_t after = 1 + 2 * components;
    if (progressive) {
      sent.add_scan(field(1 + 2 * c), field(after), field(after + 1), field(after + 2) & 15);
    } else {
      sent.add_scan(field(1 + 2 * c), 0, 63, 0);
    }
  }
}

/// Where the coded pixels that begin at `at` end: at the next marker that is no restart, or at the
/// end of the bytes, without a lone 0xff there.
std::size_t end_of_scan(std::string_view bytes, std::size_t at) {
  for (; at + 1 < bytes.size(); ++at) {
    if (bytes[at] != '\xff') continue;
    const int next = static_cast<unsigned char>(bytes[at + 1]);
    if (next != 0 && next != 0xff && (next < kRST0 || next > kRST7)) return at;
  }
  return bytes.ends_with('\xff') ? bytes.size() - 1 : bytes.size();
}

}  // namespace

JpegFacts check_jpeg(std::string_view bytes, std::string_view name) {
  JpegFacts facts;
  SentCoefficients sent;
  bool progressive = false;
  std::size_t at = 2;  // behind SOI
  while (at + 2 <= bytes.size()) {
    const int marker = static_cast<unsigned char>(bytes[at + 1]);
    if (bytes[at] != '\xff' || marker == 0xff) {  // the decoder passes over such bytes too
      ++at;
      continue;
    }
    at += 2;
    facts.end_marker = marker == kEOI;
    if (facts.end_marker) break;
    if (marker == 0 || marker == kTEM || marker == kSOI || (marker >= kRST0 && marker <= kRST7))
      continue;
    if (at + 2 > bytes.size() || big_endian(bytes, at, 2) < 2 ||
        at + big_endian(bytes, at, 2) > bytes.size()) {
      break;  // cut inside a segment, or nothing the decoder would go on with
    }
    const std::string_view segment = bytes.substr(at + 2, big_endian(bytes, at, 2) - 2);
    at += 2 + segment.size();
    if (marker >= kSOF0 && marker <= kSOF15 && marker != kDHT && marker != kJPG && marker != kDAC) {
      read_frame(facts, sent, marker, segment, name);
      progressive = marker == 0xc2;
    } else if (marker == kAPP1 && segment.starts_with(std::string_view("Exif\0\0", 6))) {
      if (!facts.exif) facts.exif = segment.substr(6);
    } else if (marker == kSOS) {
      read_scan(sent, segment, progressive);
      at = facts.end_of_scans = end_of_scan(bytes, at);
    }
  }
  DMF_CHECK(
      facts.width > 0 && facts.end_of_scans > 0, IoError,
      "[image] {} is a damaged JPEG: it {}, without image data.", name,
      facts.end_marker ? "is a header" : fmt::format("ends early, after {} bytes", bytes.size()));
  facts.all_scans = sent.complete();
  return facts;
}

}  // namespace dmf
