#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace dmf {

/// One image with the files that hold its truth.
struct DatasetItem {
  std::string id;           // path of the image relative to the data set, without extension
  std::string image_class;  // "benign", ...; empty where the layout knows none
  std::filesystem::path image;
  std::vector<std::filesystem::path> masks;  // several are united
  std::string part;  // "train", "validation" or "test" where the folders say so; else empty
};

/// A file in the data set's folders that is not used.
struct UnusedFile {
  std::filesystem::path path;
  std::string reason;  // "is a TIFF, which this program was built without"
};

struct DatasetOptions {
  std::vector<std::string> classes = {"benign", "malignant"};  // BUSI folders to read
  bool first_mask_only = false;
};

/// Images with masks, found in a folder.
struct Dataset {
  std::filesystem::path root;      // where the layout was found: the folder given, or one inside
  std::string layout;              // "BUSI" or "images + masks"
  std::vector<DatasetItem> items;  // in natural order of their ids
  std::vector<std::string> notes;  // what a user should know about how files were paired
  std::vector<UnusedFile> unused;  // by path
};

/// Finds a data set in `folder` or up to three levels below:
///
///   BUSI            benign/, malignant/, normal/ with "benign (1).png" beside
///                   "benign (1)_mask.png" and further lesions as "_mask_1.png", ...
///   images + masks  two such folders side by side (also image, imgs, mask, labels, in any case),
///                   paired by equal names; else by names that are equal once words such as "bus",
///                   "image" and "mask" are taken out (BUS-BRA); else, with a note, in sorted order
///
/// Symbolic links are not followed.
///
/// throws  IoError: no such folder, no layout found, several found, images without masks (listing
///         them), a class folder that is not there
Dataset find_dataset(const std::filesystem::path& folder, const DatasetOptions& options);

}  // namespace dmf
