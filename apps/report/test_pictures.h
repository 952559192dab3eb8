#pragma once

#include <string>
#include <vector>

#include "apps/data/samples.h"
#include "apps/evaluation/inference.h"
#include "apps/evaluation/panels.h"

namespace dmf {

/// A test image as pages show it, at the network's size. Lesion: any class above 0.
struct TestPicture {
  std::string id;
  int height = 0, width = 0;
  std::string jpeg;              // the image
  std::string truth, found;      // outlines of the lesion, as SVG paths, coarse where there is much
  std::string missed, extra;     // the lesion not found, and what is found beside it
  std::string likely, possible;  // where its probability is above 0.75, and above 0.25
  std::string panel;             // image, truth and prediction as PNG, nothing lost
};

/// probabilities  what the network gives, [H, W, classes]
/// of_pictures    how many share a page: where they are many, outlines of speckle are coarser
TestPicture picture_of(const SampleSet& samples, std::size_t item, const Image& probabilities,
                       const Inference& inference, std::size_t of_pictures);

}  // namespace dmf
