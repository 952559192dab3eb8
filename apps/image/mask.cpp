#include "apps/image/mask.h"

#include <algorithm>
#include <cmath>

#include "engine/core/check.h"

namespace dmf {
namespace {

bool only_holds(const MaskValues& mask, int a, int b) {
  return std::all_of(mask.values.begin(), mask.values.end(),
                     [=](int value) { return value == a || value == b; });
}

bool is_binary(const MaskValues& mask) {
  return only_holds(mask, 0, 1) || only_holds(mask, 0, mask.largest_possible);
}

std::string first_values(const std::set<int>& values) {
  std::vector<int> few;
  for (const int value : values) {
    if (few.size() == 8) break;
    few.push_back(value);
  }
  return fmt::format("{}{}", fmt::join(few, ", "), values.size() > few.size() ? ", ..." : "");
}

}  // namespace

std::string MaskRule::describe() const {
  switch (kind) {
    case Kind::binary:
      return "values above 0 are lesion";
    case Kind::threshold:
      return fmt::format("grey probability maps: values of at least {:g} of the largest are lesion",
                         threshold);
    case Kind::index:
      return fmt::format("values are class indices, 0 to {}", classes - 1);
  }
  return "";
}

std::vector<int> grey_values(const RawImage& raw) {
  std::vector<int> values;
  values.reserve(static_cast<std::size_t>(raw.height) * static_cast<std::size_t>(raw.width));
  for (int h = 0; h < raw.height; ++h) {
    for (int w = 0; w < raw.width; ++w) {
      const int r = raw.at(h, w, 0);
      if (raw.channels < 3) {
        values.push_back(r);
        continue;
      }
      const int g = raw.at(h, w, 1), b = raw.at(h, w, 2);
      const bool grey = r == g && g == b;
      values.push_back(grey ? r : static_cast<int>(std::lround(0.299 * r + 0.587 * g + 0.114 * b)));
    }
  }
  return values;
}

MaskRule choose_mask_rule(const std::vector<MaskValues>& masks, int classes, double threshold) {
  DMF_CHECK(threshold > 0.0 && threshold <= 1.0, ValueError,
            "[mask] threshold {}: expected above 0 and at most 1.", threshold);
  if (classes > 2) {
    for (const MaskValues& mask : masks) {
      DMF_CHECK(mask.values.empty() || *mask.values.rbegin() < classes, IoError,
                "[mask] {} holds the values {}: expected class indices 0 to {}.",
                mask.path.string(), first_values(mask.values), classes - 1);
    }
    return {MaskRule::Kind::index, threshold, classes};
  }
  if (std::all_of(masks.begin(), masks.end(), is_binary)) {
    return {MaskRule::Kind::binary, threshold, classes};
  }
  // Grey levels: probability maps, if any of them reaches half of the range. Small numbers alone
  // look like class indices, and thresholding those would call everything background.
  const bool any_high = std::any_of(masks.begin(), masks.end(), [](const MaskValues& mask) {
    return !is_binary(mask) && *mask.values.rbegin() >= mask.largest_possible / 2;
  });
  if (!any_high) {
    const auto odd = std::find_if_not(masks.begin(), masks.end(), is_binary);
    throw IoError(
        fmt::format("[mask] {} holds the values {}: expected 0 and 1, 0 and {}, or a probability "
                    "map. For class "
                    "indices give --num-classes.",
                    odd->path.string(), first_values(odd->values), odd->largest_possible));
  }
  return {MaskRule::Kind::threshold, threshold, classes};
}

LabelMap to_labels(const RawImage& raw, const MaskRule& rule) {
  LabelMap map(raw.height, raw.width);
  const std::vector<int> values = grey_values(raw);
  // A map of only {0, 1} among probability maps holds classes, not probabilities of 1/255.
  const bool zero_one = std::all_of(values.begin(), values.end(), [](int v) { return v <= 1; });
  const bool binary = rule.kind == MaskRule::Kind::binary || zero_one;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (rule.kind == MaskRule::Kind::index) {
      map.labels[i] = values[i];
    } else if (binary) {
      map.labels[i] = values[i] > 0 ? 1 : 0;
    } else {
      map.labels[i] = values[i] >= rule.threshold * raw.largest ? 1 : 0;
    }
  }
  return map;
}

void unite(LabelMap& target, const LabelMap& other) {
  for (std::size_t i = 0; i < target.labels.size(); ++i) {
    target.labels[i] = std::max(target.labels[i], other.labels[i]);
  }
}

}  // namespace dmf
