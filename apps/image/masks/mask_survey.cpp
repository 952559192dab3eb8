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

Coding code_pixels(const RawImage& raw) {
  Coding result;
  const std::size_t count =
      static_cast<std::size_t>(raw.height) * static_cast<std::size_t>(raw.width);
  result.plane.resize(count);
  std::unordered_map<std::uint64_t, std::uint32_t> places;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const PixelCode code = code_at(raw, i);
    const std::uint64_t key = key_of(code);
    if (i > 0 && key == last) {
      result.plane[i] = result.plane[i - 1];
      continue;
    }
    const auto [place, is_new] =
        places.try_emplace(key, static_cast<std::uint32_t>(result.codes.size()));
    if (is_new) result.codes.push_back(code);
    result.plane[i] = place->second;
    last = key;
  }
  return result;
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
  for (std::size_t h = 0; h < H; ++h) {
    for (std::size_t w = 0; w < W; ++w) {
      const std::size_t at = h * W + w;
      const std::uint32_t own = coding.plane[at];
      const auto alike = [&](std::size_t other) {
        const std::uint32_t its = coding.plane[other];
        return std::abs(level[its] - level[own]) <= nearly &&
               std::abs(coding.codes[its].alpha - coding.codes[own].alpha) <= nearly_alpha;
      };
      CodeCount& count = counts[own];
      ++count.pixels;
      if (h == 0 || w == 0 || h == H - 1 || w == W - 1) ++count.border;
      const bool flat = (h == 0 || alike(at - W)) && (h == H - 1 || alike(at + W)) &&
                        (w == 0 || alike(at - 1)) && (w == W - 1 || alike(at + 1));
      if (flat) ++count.flat;
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
    result.plane.reserve(coding.plane.size());
    for (const std::uint32_t place : coding.plane) {
      result.plane.push_back(static_cast<std::uint8_t>(rank[place]));
    }
  }
  if (facts.codes.size() > kMostCodes) merge_levels(facts);
  return result;
}

}  // namespace dmf
