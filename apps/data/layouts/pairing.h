#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/data/layouts/dataset.h"

namespace dmf {

/// Which masks (or LabelMe files) belong to which image.
struct Pairing {
  std::vector<std::vector<std::filesystem::path>> masks_of;  // of each image, in natural order
  std::vector<UnusedFile> unused;                            // masks of no image
  std::vector<std::string> notes;
};

/// Pairs by name, the plainest way in which every image has a mask:
///
///   1. the image's name is the mask's, or lies within it between mask and image words, or between
///   a
///      prefix and a suffix that all masks share; numbers tell several masks of one image apart
///   2. names are equal without mask and image words ("bus_1", "mask_1")
///   3. names are equal without what all images, and what all masks, have in common
///   4. with pair_by_order: sorted
///
/// images, masks  in one folder each, or in one
/// where          the folder, for messages
/// throws         IoError: two images or masks of one name, an image without a mask, a mask that
///                may belong to two images or whose number contradicts its image's
Pairing pair_by_name(const std::vector<std::filesystem::path>& images,
                     const std::vector<std::filesystem::path>& masks,
                     const std::filesystem::path& where, const DatasetOptions& options);

/// Fails for two files whose names are alike ("a.png", "A.jpg").
void check_one_of_a_name(const std::vector<std::filesystem::path>& files);

/// Makes items of pairs; ids are `prefix` + the image's name.
void add_pairs(Dataset& dataset, const std::vector<std::filesystem::path>& images,
               const Pairing& pairing, const std::string& prefix, const DatasetOptions& options);

/// Files of a folder that can be an image, and those that can be a mask (LabelMe files too).
struct Candidates {
  std::vector<std::filesystem::path> images, masks;
};
Candidates candidates_in(const Folder& folder, const DatasetOptions& options);

}  // namespace dmf
