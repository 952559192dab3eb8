#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/core/check.h"
#include "engine/core/settings.h"
#include "engine/core/shape.h"

namespace dmf {

inline constexpr int kDeepestEncoder = 8;

/// How deep and wide a network is whose images are halved from level to level.
struct EncoderSize {
  int depth = 4;          // times that the image's size is halved; 0: not known yet, see depth_for
  Index base_width = 32;  // channels of level 0; every level down has twice as many
  Index max_width = 0;    // but no more than these; 0: no limit

  Index width_of(int level) const {
    const Index width = base_width << level;
    return max_width > 0 ? std::min(width, max_width) : width;
  }

  /// throws  ValueError for a depth that is not known yet
  static EncoderSize of(const Settings& settings) {
    EncoderSize size{static_cast<int>(settings.whole("depth")), settings.whole("base-width"),
                     settings.whole("max-width")};
    size.check();
    return size;
  }
  void write_to(Settings& settings) const {
    check();
    settings.set("depth", std::int64_t{depth});
    settings.set("base-width", base_width);
    settings.set("max-width", max_width);
  }

 private:
  void check() const {
    DMF_CHECK(
        depth != 0, ValueError,
        "[depth] got 0, expected >= 1 and <= {}. 0 is for programs, which know the images' size.",
        kDeepestEncoder);
  }
};

/// Their settings but for max-width, which came later and is listed behind others, then that.
inline std::vector<Setting> depth_settings() {
  const EncoderSize initial;
  return {{"depth",
           std::int64_t{initial.depth},
           "Levels; 0: until the lowest is 4 to 7 pixels wide",
           {.least = 0, .most = kDeepestEncoder}},
          {"base-width",
           initial.base_width,
           "Channels of the first level",
           {.least = 1, .most = 1024}}};
}
inline Setting max_width_setting() {
  return {"max-width",
          EncoderSize().max_width,
          "Most channels of a level; 0: no limit",
          {.least = 0, .most = 65536}};
}

/// The depth for images of so many pixels a side: the lowest level is 4 to 7 pixels wide (the rule of
/// nnU-Net's planner, Isensee et al. 2021), within 1 to kDeepestEncoder.
inline int depth_for(Index image) {
  int depth = 1;
  while (depth < kDeepestEncoder && (image >> (depth + 1)) >= 4) ++depth;
  return depth;
}

}  // namespace dmf
