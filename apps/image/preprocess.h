#pragma once

#include "apps/files/metadata.h"
#include "apps/image/bilateral.h"
#include "apps/image/contrast.h"
#include "apps/image/image.h"
#include "apps/image/label_resize.h"
#include "apps/image/resize.h"

namespace dmf {

/// Whether the longer side alone is scaled to the network's size.
inline constexpr Named<bool> kFits[] = {{"squash", false, "both sides to --image"},
                                        {"pad", true, "keep the aspect, pad with black"}};

/// How a decoded image becomes what the network sees. Saved with the weights.
struct PreprocessSpec {
  int size = 128;    // height and width of the network's input
  int channels = 1;  // 1: grey, 3: RGB
  Interpolation interpolation = Interpolation::linear;
  LabelResize label_resize = LabelResize::share;
  bool keep_aspect =
      false;  // scale the longer side to `size` and pad zeros at the bottom and right
  bool bilateral = false;
  BilateralSpec filter = {};
  int white_level = 0;  // of images of more than 8 bits: what is white; 0: their type's largest
  bool clahe = false;
  ClaheSpec equalisation = {};
  bool standardise = false;

  Metadata to_metadata() const;
  /// throws  IoError naming the key that is missing or not sound
  static PreprocessSpec from_metadata(const Metadata& metadata);
};

/// The rectangle at the top left of the network's input that the image fills: all of it, unless the
/// aspect is kept.
struct Placement {
  int height, width;
};
Placement placement(const PreprocessSpec& spec, int height, int width);

/// Intensities -> resize -> bilateral filter -> CLAHE -> standardised, in this order.
Image preprocess(const RawImage& raw, const PreprocessSpec& spec);
/// The same, but at so many times the image's own size and unpadded: what windows are cut from.
Image preprocess_at_scale(const RawImage& raw, const PreprocessSpec& spec, double scale);
/// Labels at the network's size; padding is background.
///
/// ignored  the label of pixels that take no part, as resize_labels() takes it
ResizedLabels preprocess(const LabelMap& labels, const PreprocessSpec& spec, int ignored);

/// Probabilities of a lesion at the network's size, resized as images are; padding has none.
Image preprocess_probabilities(const Image& lesion, const PreprocessSpec& spec);

/// A map of class scores at the network's size, taken back to the image's own size: the padding is
/// cut off, the rest resized linearly.
///
/// scores  [size, size, classes]
/// return  [height, width, classes]
Image restore_size(const Image& scores, const PreprocessSpec& spec, int height, int width);

}  // namespace dmf
