#pragma once

#include "apps/image/upright.h"

namespace dmf {

/// The labels as a file holds them that says this EXIF orientation, so that upright they are these.
inline LabelMap as_stored(const LabelMap& labels, int orientation) {
  RawImage raw{labels.height, labels.width, 1, 65535};
  raw.samples.assign(labels.labels.begin(), labels.labels.end());
  raw.orientation = orientation == 6 ? 8 : orientation == 8 ? 6 : orientation;  // the inverse
  raw = upright(std::move(raw));
  LabelMap stored(raw.height, raw.width);
  stored.labels.assign(raw.samples.begin(), raw.samples.end());
  return stored;
}

}  // namespace dmf
