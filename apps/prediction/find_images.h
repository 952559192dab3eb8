#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dmf {

/// An image to segment.
struct ImageToSegment {
  std::filesystem::path path;
  /// Below the folder for results, without an ending: the image's own name, in the sub-folder of
  /// the folder given that it lies in.
  std::filesystem::path result;
  int frame = 0;  // of a DICOM with several, from 0; `result` then ends in its number, from 1
};

struct FoundImages {
  std::vector<ImageToSegment> images;
  std::vector<std::string> left_out;  // a line each: how many of what, the first one's name
};

/// The images a command line names, every frame of a DICOM by itself: those given, and of each
/// folder given what it holds, in natural order. Of a folder these are left out and counted: masks
/// of images beside them (NAME_mask.png, NAME_mask_1.png beside NAME.png), what predict wrote, hidden
/// files, links that lead nowhere or back, and what is no image. Links are followed.
///
/// recursive  with sub-folders; otherwise those with images are counted
/// throws     IoError for a folder without images
FoundImages find_images(const std::vector<std::string>& inputs, bool recursive);

}  // namespace dmf
