#pragma once

#include "apps/image/image.h"

namespace dmf {

struct ClaheSpec {
  double clip = 2.0;  // most pixels of an intensity, in what all would have if they had as many
  int tiles = 8;      // a side; no more than the side has pixels
};

/// Contrast-limited adaptive histogram equalisation (Zuiderveld, "Contrast limited adaptive histogram
/// equalization", Graphics Gems IV, 1994). In each tile a pixel's intensity, one of 256, becomes the
/// share of pixels that are not brighter, after what its histogram has above the limit was spread evenly
/// over all intensities; between the tiles' centres these shares are interpolated. Channels alone.
///
/// throws  ValueError for a clip that is not above 0 or less than one tile
Image clahe(const Image& image, const ClaheSpec& spec);

/// The z-score in the range that images have: mean 1/2, standard deviation 1/6, what is further than three
/// of these from the mean cut off. Of an image of one intensity 1/2. Over all pixels and channels.
Image standardise(const Image& image);

}  // namespace dmf
