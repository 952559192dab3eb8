#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/data/augmentation/transform_draws.h"
#include "apps/data/augmentation/warp.h"

namespace dmf {

/// What can be set of a transform. Its type is its default's: two numbers are a range to draw from,
/// one is taken as it is, a text is one of its choices.
struct TransformSetting : Setting {
  std::string unit = {};  // "degrees"; "" for a bare number or a word
};

/// A random change of a sample that its label survives. All that is random comes from `draws`.
struct Transform {
  std::string_view name;  // as it stands in a composition
  std::string_view help;  // what it does
  double probability;     // p, with which it happens to an image, where a composition does not say
  std::vector<TransformSetting> settings;
  // One of these two. A transform draws the same number of times whatever its settings are, but for
  // noise, which comes last.
  /// Adds where pixels come from to what is resampled once for all transforms.
  void (*move)(Warp& warp, const Image& image, TransformDraws& draws) = nullptr;
  /// Changes intensities, each kept in [0, 1]. Labels stay.
  void (*change)(Image& image, TransformDraws& draws) = nullptr;
};

// Each in the file of its name.
#define DMF_TRANSFORM(file) extern const Transform file##_transform;
#include "apps/data/augmentation/transforms.def"
#undef DMF_TRANSFORM

/// All of them, in the order of their table.
const std::vector<const Transform*>& transforms();

/// p, then those of its own.
std::vector<TransformSetting> settings_of(const Transform& transform);

/// What lies outside of the moved image: of transforms that look there.
TransformSetting outside_setting();

}  // namespace dmf
