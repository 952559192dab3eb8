#include "apps/inspection/summary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

namespace dmf {
namespace {

/// "640 PNG, 7 JPEG": most frequent first.
std::string counted(const std::map<std::string, std::size_t>& counts) {
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const auto& [name, count] : counts) order.emplace_back(count, name);
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::string> parts;
  for (const auto& [count, name] : order) parts.push_back(fmt::format("{} {}", count, name));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// "12, 40, 950": least, middle and largest.
template <class T>
std::string spread(std::vector<T> values, const char* form) {
  if (values.empty()) return "none";
  std::sort(values.begin(), values.end());
  const auto text = [&](T value) { return fmt::format(fmt::runtime(form), value); };
  return fmt::format("{} to {}, median {}", text(values.front()), text(values.back()),
                     text(values[values.size() / 2]));
}

}  // namespace

std::vector<std::pair<std::string, std::string>> summary_of(const Inspection& inspection) {
  std::map<std::string, std::size_t> formats, per_image;
  std::vector<int> heights, widths;
  std::vector<double> shares;
  std::vector<std::int64_t> sizes;
  for (const ImageFacts& image : inspection.images) {
    ++formats[fmt::format("{} {}-bit {}", name_of(image.format), image.bits,
                          image.channels >= 3 ? "colour" : "grey")];
    heights.push_back(image.height);
    widths.push_back(image.width);
    if (!image.lesions.empty()) shares.push_back(100.0 * image.lesion_share);
    sizes.insert(sizes.end(), image.lesions.begin(), image.lesions.end());
    const std::size_t count = image.lesions.size();
    ++per_image[count == 0   ? "without lesion"
                : count == 1 ? "with one"
                             : fmt::format("with {}", count)];
  }
  return {{"formats", counted(formats)},
          {"sizes", fmt::format("{} wide, {} high", spread(widths, "{}"), spread(heights, "{}"))},
          {"lesions", fmt::format("{} in all; images: {}", sizes.size(), counted(per_image))},
          {"", fmt::format("pixels of a lesion: {}", spread(sizes, "{}"))},
          {"", fmt::format("share of an image with lesion: {} %", spread(shares, "{:.2f}"))},
          {"alike",
           fmt::format("{} groups of near-duplicates, {} of {} images", inspection.alike.groups,
                       inspection.alike.grouped_images, inspection.alike.images)}};
}

}  // namespace dmf
