#pragma once

#include <array>
#include <string>
#include <vector>

#include "apps/image/masks/mask_choice.h"
#include "engine/core/rng.h"

namespace dmf {

/// How a test writes a drawn mask into a file: of each class a pixel.
struct MaskWriting {
  /// What is to come of it without options.
  enum class Without {
    read,     // the labels as drawn
    refused,  // with `settles` named; with it the labels as drawn
    other,    // read by the stated default, which is not this: `settles` brings the labels as drawn
  };
  std::string name;
  int classes = 2;
  Without without = Without::read;
  std::string settles;  // "--mask-values 0,100,200": one option and its value
  int channels = 1;
  int largest = 255;
  std::vector<std::array<int, 4>> pixels;            // by class: samples, as many as channels
  std::vector<std::array<std::uint8_t, 4>> palette;  // then pixels[k][0] is the index
  int ignored = -1;                                  // the last class is no class: its label
};

/// A mask of a few blobs of every class, an empty or a full one, from one pixel to 24 x 24, some of
/// one row or column; with all_classes, for the first of a set, every class has a pixel.
LabelMap draw_mask(Rng& rng, int classes, bool all_classes);

/// The labels as a file of that writing would be read.
RawImage write_mask(const LabelMap& drawn, const MaskWriting& writing);

/// Sets the option named in "--mask-values 0,1".
void give(MaskOptions& options, const std::string& option);

/// Writings of every kind, some at random (one V of 0 and V, ...).
std::vector<MaskWriting> mask_writings(Rng& rng);

}  // namespace dmf
