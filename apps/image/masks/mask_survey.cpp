#include "apps/image/masks/mask_survey.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <unordered_map>

namespace dmf {
namespace {

constexpr std::size_t kMostCodes = 4096;

/// A number for each different code of one file.
std::uint64_t key_of(const PixelCode& c) {
  if (c.index >= 0) return static_cast<std::uint64_t>(c.index);
  return std::uint64_t{c.colour[0]} | std::uint64_t{c.colour[1]} << 16 |
         std::uint64_t{c.colour[2]} << 32 | std::uint64_t{c.alpha} << 48;
}

/// The places of the pixels' codes in a list of the file's codes, in order of appearance.
struct Coding {
  std::vector<PixelCode> codes;
  std::vector<std::uint32_t> plane;
};

/// Most pixels are as the one before.
template <std::size_t channels>
Coding code_pixels_of(const RawImage& raw) {
  Coding result;
  const std::size_t count =
      static_cast<std::size_t>(raw.height) * static_cast<std::size_t>(raw.width);
  result.plane.resize(count);
  std::unordered_map<std::uint64_t, std::uint32_t> places;
  const std::uint16_t* samples = raw.samples.data();
  const std::uint8_t* indices = raw.indices.empty() ? nullptr : raw.indices.data();
  std::uint32_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool same = i > 0 && (indices == nullptr || indices[i] == indices[i - 1]) &&
                      std::equal(samples + i * channels, samples + (i + 1) * channels,
                                 samples + (i - 1) * channels);
    if (!same) {
      const PixelCode code = code_at(raw, i);
      const auto [place, is_new] =
          places.try_emplace(key_of(code), static_cast<std::uint32_t>(result.codes.size()));
      if (is_new) result.codes.push_back(code);
      last = place->second;
    }
    result.plane[i] = last;
  }
  return result;
}

Coding code_pixels(const RawImage& raw) {
  switch (raw.channels) {
    case 1:
      return code_pixels_of<1>(raw);
    case 2:
      return code_pixels_of<2>(raw);
    case 3:
      return code_pixels_of<3>(raw);
    default:
      return code_pixels_of<4>(raw);
  }
}

/// Grey levels of about a 255th of the range instead of the codes.
void merge_levels(MaskFacts& facts) {
  const double step = facts.largest / 255.0;
  std::map<PixelCode, CodeCount> levels;
  for (const CodeCount& each : facts.codes) {
    const auto level = static_cast<std::uint16_t>(
        std::lround(std::round(luminance(each.code.colour) / step) * step));
    const PixelCode code{{level, level, level}, each.code.alpha, -1};
    CodeCount& sum = levels[code];
    sum.code = code;
    sum.pixels += each.pixels;
    sum.border += each.border;
    sum.flat += each.flat;
  }
  facts.codes.clear();
  for (const auto& [code, count] : levels) facts.codes.push_back(count);
  facts.merged = true;
}

/// Pixels in connected blobs above a quarter of `brightest` that never reach three quarters.
std::int64_t faint_pixels(const std::vector<std::uint32_t>& plane, const std::vector<int>& level,
                          std::size_t H, std::size_t W, int brightest) {
  std::vector<bool> visited(plane.size());
  std::vector<std::size_t> blob;
  std::int64_t faint = 0;
  const auto reach = [&](std::size_t at) {
    if (visited[at] || 4 * level[plane[at]] <= brightest) return;
    visited[at] = true;
    blob.push_back(at);
  };
  for (std::size_t start = 0; start < plane.size(); ++start) {
    blob.clear();
    reach(start);
    int peak = 0;
    for (std::size_t next = 0; next < blob.size(); ++next) {
      const std::size_t at = blob[next], h = at / W, w = at % W;
      peak = std::max(peak, level[plane[at]]);
      if (h > 0) reach(at - W);
      if (h + 1 < H) reach(at + W);
      if (w > 0) reach(at - 1);
      if (w + 1 < W) reach(at + 1);
    }
    const bool speck = blob.size() < 4;  // as JPEG throws about an edge
    if (!speck && 4 * peak < 3 * brightest) faint += static_cast<std::int64_t>(blob.size());
  }
  return faint;
}

}  // namespace

int luminance(const MaskColour& colour) {
  if (is_grey(colour)) return colour[0];
  return static_cast<int>(std::lround(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]));
}

std::int64_t MaskFacts::border_pixels() const {
  if (height < 3 || width < 3) return pixels();
  return 2 * (std::int64_t{height} + width) - 4;
}

PixelCode code_at(const RawImage& raw, std::size_t at) {
  PixelCode code;
  const std::uint16_t* sample = raw.samples.data() + at * static_cast<std::size_t>(raw.channels);
  if (raw.channels >= 3) {
    code.colour = {sample[0], sample[1], sample[2]};
  } else {
    code.colour = {sample[0], sample[0], sample[0]};
  }
  const bool has_alpha = raw.channels == 2 || raw.channels == 4;
  code.alpha = has_alpha ? sample[raw.channels - 1] : static_cast<std::uint16_t>(raw.largest);
  if (!raw.indices.empty()) code.index = raw.indices[at];
  return code;
}

SurveyedMask survey_mask(const std::filesystem::path& path, const RawImage& raw) {
  SurveyedMask result;
  MaskFacts& facts = result.facts;
  facts.path = path;
  facts.format = raw.format;
  facts.height = raw.height;
  facts.width = raw.width;
  facts.largest = raw.largest;
  facts.has_alpha = raw.channels == 2 || raw.channels == 4;
  facts.has_palette = !raw.indices.empty();

  const Coding coding = code_pixels(raw);
  std::vector<int> level(coding.codes.size());
  for (std::size_t k = 0; k < level.size(); ++k) level[k] = luminance(coding.codes[k].colour);
  const int brightest = *std::max_element(level.begin(), level.end());
  const int nearly = std::max(1, brightest / 64), nearly_alpha = std::max(1, raw.largest / 64);
  std::vector<CodeCount> counts(coding.codes.size());
  for (std::size_t k = 0; k < counts.size(); ++k) counts[k].code = coding.codes[k];
  const auto H = static_cast<std::size_t>(raw.height), W = static_cast<std::size_t>(raw.width);
  const auto alike = [&](std::uint32_t a, std::uint32_t b) {
    return std::abs(level[a] - level[b]) <= nearly &&
           std::abs(coding.codes[a].alpha - coding.codes[b].alpha) <= nearly_alpha;
  };
  for (std::size_t h = 0; h < H; ++h) {
    const std::uint32_t* row = coding.plane.data() + h * W;
    const std::uint32_t *above = h == 0 ? row : row - W, *below = h == H - 1 ? row : row + W;
    for (std::size_t w = 0; w < W;) {
      const std::uint32_t own = row[w];
      const std::size_t first = w;
      std::int64_t flat = 0;
      for (; w < W && row[w] == own; ++w) {
        const std::uint32_t left = row[w == 0 ? w : w - 1], right = row[w == W - 1 ? w : w + 1];
        const std::uint32_t others =
            (left ^ own) | (right ^ own) | (above[w] ^ own) | (below[w] ^ own);
        flat += others == 0 || (alike(above[w], own) && alike(below[w], own) && alike(left, own) &&
                                alike(right, own));
      }
      CodeCount& count = counts[own];
      const auto run = static_cast<std::int64_t>(w - first);
      count.pixels += run;
      count.flat += flat;
      count.border +=
          h == 0 || h == H - 1 ? run : std::min<std::int64_t>(run, (first == 0) + (w == W));
    }
  }

  if (counts.size() > 2) facts.faint = faint_pixels(coding.plane, level, H, W, brightest);

  std::vector<std::uint32_t> order(counts.size()), rank(counts.size());
  for (std::uint32_t k = 0; k < order.size(); ++k) order[k] = k;
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return counts[a].code < counts[b].code; });
  for (std::uint32_t k = 0; k < order.size(); ++k) {
    facts.codes.push_back(counts[order[k]]);
    rank[order[k]] = k;
  }
  if (counts.size() <= 256) {
    result.plane.resize(coding.plane.size());
    std::transform(coding.plane.begin(), coding.plane.end(), result.plane.begin(),
                   [&](std::uint32_t place) { return static_cast<std::uint8_t>(rank[place]); });
  }
  if (facts.codes.size() > kMostCodes) merge_levels(facts);
  return result;
}

}  // namespace dmf
