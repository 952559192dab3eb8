#pragma once

#include <vector>

#include "apps/evaluation/predictor.h"
#include "engine/core/settings.h"

namespace dmf {

/// The option of programs.
inline constexpr Range kTileScales{.least = 0.0, .most = 16.0};
inline constexpr const char* kTilesHelp =
    "For images far larger than the network's size: see them at X times their own size, in windows of "
    "that size that overlap by half and are blended; 0: whole, scaled to it";

/// Where windows begin along a side: at 0, evenly spread, the last one at the end, each sharing half
/// of itself with the next or more. A side that is not longer than the window has one.
std::vector<int> window_starts(int length, int window);

/// Weights of a window along a side: a Gaussian around its middle, sigma an eighth of it, so that
/// what is seen near a border hardly counts where another window sees it in its middle. Overlap and
/// sigma are those of nnU-Net, Isensee et al. 2021.
std::vector<double> window_weights(int window);

/// Class probabilities of an image of any size: it is cut into windows of the network's size, which
/// are put together again by their weights. A side shorter than the window is padded with black at
/// its end. Beside the result memory holds as many rows as a window has.
///
/// batch   windows at a time
/// return  of each opinion, at the image's size, not calibrated
std::vector<Image> opinions_in_tiles(const Predictor& predictor, const Image& image, int window,
                                     int batch);

}  // namespace dmf
