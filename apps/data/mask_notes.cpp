#include "apps/data/mask_notes.h"

#include <algorithm>

#include "engine/core/check.h"

namespace dmf {
namespace {

struct LesionShares {
  double pixels = 0.0, border = 0.0;  // of the labelled ones
  bool ignored = false;
};

LesionShares lesion_shares(const MaskFacts& file, const MaskEncoding& encoding) {
  std::int64_t lesion = 0, border = 0, all = 0, all_border = 0;
  LesionShares shares;
  for (const CodeCount& each : file.codes) {
    const std::int32_t label = label_of(each.code, file, encoding);
    if (encoding.ignored >= 0 && label == encoding.ignored) {
      shares.ignored = true;
      continue;
    }
    all += each.pixels;
    all_border += each.border;
    if (label > 0) {
      lesion += each.pixels;
      border += each.border;
    }
  }
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(std::max<std::int64_t>(whole, 1));
  };
  shares.pixels = share(lesion, all);
  shares.border = share(border, all_border);
  return shares;
}

}  // namespace

std::vector<std::string> mask_notes(const std::vector<MaskFacts>& masks,
                                    const MaskEncoding& encoding) {
  std::vector<std::string> notes;
  std::size_t inverted = 0, on_border = 0;
  const MaskFacts* first = nullptr;
  double sum = 0.0, share_of_first = 0.0;
  bool any_ignored = false;
  for (const MaskFacts& file : masks) {
    const LesionShares shares = lesion_shares(file, encoding);
    any_ignored |= shares.ignored;
    sum += shares.pixels;
    if (shares.border > 0.5) ++on_border;
    if (shares.pixels <= 0.6 || shares.border <= 0.5) continue;
    if (inverted++ == 0) {
      first = &file;
      share_of_first = shares.pixels;
    }
  }
  const std::string advice =
      encoding.classes == 2 && encoding.evidence.find("--") != 0 && !encoding.inverted
          ? ": --invert-masks"
          : "";
  if (2 * inverted > masks.size()) {
    notes.push_back(fmt::format(
        "warning: the masks look inverted (lesion {:.0f} % of the pixels, at the border of {} of "
        "{}){}",
        100.0 * sum / static_cast<double>(masks.size()), on_border, masks.size(), advice));
  } else if (inverted > 0) {
    notes.push_back(fmt::format(
        "warning: {} of {} masks look{} inverted, unlike the others: {} (lesion {:.0f} % of its "
        "pixels, and at its border)",
        inverted, masks.size(), inverted == 1 ? "s" : "", first->path.string(),
        100.0 * share_of_first));
  }
  if (encoding.ignored >= 0 && !any_ignored) {
    notes.push_back(fmt::format("warning: --ignore-index {} occurs in no mask", encoding.ignored));
  }
  return notes;
}

bool is_its_image(const RawImage& mask, const RawImage& image) {
  if (mask.height != image.height || mask.width != image.width) return false;
  const std::size_t count =
      static_cast<std::size_t>(mask.height) * static_cast<std::size_t>(mask.width);
  bool constant = true;
  const MaskColour first = code_at(mask, 0).colour;
  for (std::size_t i = 0; i < count; ++i) {
    const MaskColour own = code_at(mask, i).colour;
    if (own != code_at(image, i).colour) return false;
    constant &= own == first;
  }
  return !constant;
}

}  // namespace dmf
